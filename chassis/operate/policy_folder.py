"""Reads the operator's folder of policy packs and lays its files over the package's."""

from dataclasses import replace
from pathlib import Path

from aftersales_contracts.topics import SERVICES
from chassis.service import Service
from kernel.packs import Fault, Layer, PolicyError, parse
from kernel.policy import PolicyBook

BYTES_MAX = 1024 * 1024
FILES = {f"{service}.toml": service for service in SERVICES}


def strangers(folder: Path) -> list[Fault]:
    """Finds what is in the folder and is no file of a service. Hidden entries are nobody's business."""
    if not folder.is_dir():
        return [Fault(str(folder), "", "is not a folder that can be read")]
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        return [Fault(str(folder), "", f"cannot be read ({type(error).__name__})")]
    known = ", ".join(FILES)
    return [
        Fault(str(entry), "", f"is none of the files of packs: {known}")
        for entry in entries
        if not entry.name.startswith(".") and (entry.name not in FILES or not entry.is_file())
    ]


def layer_of(folder: Path, service: str) -> Layer | None:
    """Reads the file of a service. None where there is none. Raises PolicyError."""
    path = folder / f"{service}.toml"
    if not path.is_file():
        return None
    try:
        if path.stat().st_size > BYTES_MAX:
            raise PolicyError([Fault(str(path), "", f"is larger than {BYTES_MAX} bytes")])
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise PolicyError([Fault(str(path), "", f"cannot be read ({type(error).__name__})")]) from error
    except UnicodeDecodeError as error:
        raise PolicyError([Fault(str(path), "", "not TOML: not UTF-8")]) from error
    return parse(text, str(path))


def with_packs(service: Service, folder: Path | None) -> Service:
    """Gives a service a book of its own, with the packs of the folder in it.

    Raises PolicyError with everything that is wrong with the folder and the service's file.
    """
    book = service.policies
    if not isinstance(book, PolicyBook):  # one policy for all, as in tests: there are no packs to lay over
        return service
    faults = [] if folder is None else strangers(folder)
    layers: list[Layer] = []
    try:
        own = None if folder is None else layer_of(folder, service.name)
        layers = [] if own is None else [own]
        laid: PolicyBook[object] = book.laid_under(*layers)
    except PolicyError as error:
        raise PolicyError([*faults, *error.faults]) from error
    if faults:
        raise PolicyError(faults)
    return replace(service, policies=laid)
