"""`python -m services.reviews`: runs the service."""

from chassis.runtime.process import main
from services.reviews.service import REVIEWS

if __name__ == "__main__":
    main(REVIEWS)
