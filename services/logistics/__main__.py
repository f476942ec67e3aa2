"""`python -m services.logistics`: one process of the service, until it is asked to stop."""

from chassis.runtime.process import main
from services.logistics.service import LOGISTICS

if __name__ == "__main__":
    main(LOGISTICS)
