"""Runs the service: `python -m services.customers`."""

from chassis.runtime.process import main
from services.customers.service import CUSTOMERS

if __name__ == "__main__":
    main(CUSTOMERS)
