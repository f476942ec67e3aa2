"""`python -m services.refunds`: one process of the service, until it is asked to stop."""

from chassis.runtime.process import main
from services.refunds.service import REFUNDS

if __name__ == "__main__":
    main(REFUNDS)
