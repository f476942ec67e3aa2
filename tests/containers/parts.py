"""Programs in containers, with the verbs of devstack's Part, and what an engine can do to them."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self, cast

from docker.errors import APIError
from docker.models.containers import Container
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network

LOOK_AGAIN_SECONDS = 0.1
LOG_TAIL_LINES = 25
STOP_PATIENCE_SECONDS = 30
MEBIBYTE = 1024 * 1024


@dataclass
class ContainerPart:
    """One program in a container of its own. Not for use by several threads at once."""

    name: str
    """Also its name on the first network."""
    made: DockerContainer
    links: Mapping[Network, str] = field(default_factory=dict[Network, str])
    """Networks beside the first one, and its name there."""
    _is_cut: set[Network] = field(default_factory=set[Network])

    def start(self) -> Self:
        """Makes and starts the container, and joins it to its networks."""
        self.made.start()
        for network in self.links:
            self._join(network)
        return self

    @property
    def container(self) -> Container:
        """The container as the engine sees it now. Raises where it was never started."""
        container = self.made.get_wrapped_container()
        container.reload()
        return container

    @property
    def running(self) -> bool:
        """Whether its program runs; a container between two starts by its policy counts as running."""
        return self.container.status in {"running", "restarting", "paused"}

    @property
    def state(self) -> Mapping[str, Any]:
        """`docker inspect`: State."""
        return cast("Mapping[str, Any]", self.container.attrs["State"])

    @property
    def restart_count(self) -> int:
        """Number of restarts of the container by its policy."""
        return int(self.container.attrs["RestartCount"])

    def launch(self) -> None:
        """Starts it again after it was stopped or killed."""
        self.container.start()

    def stop(self) -> None:
        """Stops the program in the orderly way; does nothing when it is not running."""
        self.container.stop(timeout=STOP_PATIENCE_SECONDS)

    def kill(self) -> None:
        """Ends it as a crash would (SIGKILL); its policy does not bring it back."""
        self.container.kill()
        self.wait_until(lambda: not self.running, 20)

    def restart(self) -> None:
        """Stops it in the orderly way and starts it again."""
        self.container.restart(timeout=STOP_PATIENCE_SECONDS)

    def cut(self, network: Network) -> None:
        """Takes its cable to a network out: what is under way is lost, nobody is told."""
        self._is_cut.add(network)
        network._unwrap_network.disconnect(self.container)

    def mend(self, network: Network) -> None:
        """Plugs the cable in again; does nothing where it was not out."""
        if network in self._is_cut:
            self._is_cut.discard(network)
            self._join(network)

    def limit_memory(self, limit_bytes: int) -> None:
        """Most memory that it may have from now on."""
        self.container.update(mem_limit=limit_bytes, memswap_limit=limit_bytes)

    def memory_bytes(self) -> int:
        """Memory that its program holds and cannot give back."""
        stats = cast("Mapping[str, Any]", self.container.stats(stream=False))["memory_stats"]
        inner = stats["stats"]
        return int(inner.get("total_rss") or inner.get("anon") or stats["usage"])

    def execute(self, *command: str, user: str = "") -> str:
        """Returns the output of a command in the container. Raises AssertionError on failure."""
        code, output = self.container.exec_run(list(command), user=user)
        said = cast("bytes", output).decode(errors="replace")
        assert code == 0, f"{self.name}: {' '.join(command)}: {said[-2000:]}"
        return said

    def wait_until(self, ready: Callable[[], bool], limit_seconds: float) -> None:
        """Returns once that holds. Raises AssertionError with its log after the limit."""
        end = time.monotonic() + limit_seconds
        while not ready():
            assert time.monotonic() < end, f"{self.name}: not in {limit_seconds:.0f} s\n{self.tail()}"
            time.sleep(LOOK_AGAIN_SECONDS)

    def wait_said(self, words: str, limit_seconds: float) -> None:
        """Returns once its log has these words."""
        self.wait_until(lambda: words in self.log(), limit_seconds)

    def log(self) -> str:
        """All that it wrote."""
        return str(self.container.logs().decode(errors="replace"))

    def tail(self) -> str:
        """The end of its log."""
        return str(self.container.logs(tail=LOG_TAIL_LINES).decode(errors="replace"))

    def remove(self) -> None:
        """Ends it and forgets its data."""
        self.made.stop()

    def _join(self, network: Network) -> None:
        try:
            network.connect(self.made.get_container_id(), [self.links.get(network, self.name)])
        except APIError as error:
            if "already exists" not in str(error):
                raise


def published(made: DockerContainer, port: int, host_port: int) -> DockerContainer:
    """Publishes a port of it on the loopback address and nowhere else."""
    made.ports[f"{port}/tcp"] = cast("Any", ("127.0.0.1", host_port))
    return made
