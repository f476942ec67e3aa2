"""`python -m services.customers`: runs the service."""

from chassis.process import main
from services.customers.service import CUSTOMERS

if __name__ == "__main__":
    main(CUSTOMERS)
