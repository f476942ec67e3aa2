"""The manifests: valid by Kubernetes' own schemas, locked down, and in step with compose and the code."""

import re
from typing import Any

import kubernetes_validate
import pytest
import yaml

from aftersales_contracts.topics import SERVICES, TOPICS
from chassis.service import inputs
from chassis.settings import Database, table
from cli.access import DATABASE, load_services
from cli.principals import OPERATOR, principal_of
from tests.architecture.tree import ROOT, text

FOLDER = ROOT / "deploy" / "kubernetes"
FILES = sorted(path.name for path in FOLDER.glob("*.yaml") if path.name != "kustomization.yaml")
NEWEST = "1.37"
OLDEST = "1.30"


def documents(name: str) -> list[dict[str, Any]]:
    """The objects of a file."""
    return list(yaml.safe_load_all(text(FOLDER / name)))


def of_kind(kind: str) -> list[dict[str, Any]]:
    """All objects of a kind."""
    return [each for name in FILES for each in documents(name) if each["kind"] == kind]


OBJECTS = [(name, each) for name in FILES for each in documents(name)]
WORKLOADS = [each for _, each in OBJECTS if each["kind"] in {"Deployment", "Job"}]


def named(each: Any) -> str:
    """For the test's id."""
    return f"{each['kind']}-{each['metadata']['name']}" if isinstance(each, dict) else str(each)


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("each", [each for _, each in OBJECTS if "keda" not in each["apiVersion"]], ids=named)
def test_every_object_is_valid_by_the_schema_of_its_kind(each: dict[str, Any], version: str) -> None:
    kubernetes_validate.validate(each, version, strict=True)


def test_the_schemas_refuse_what_is_wrong() -> None:
    (budget, *_) = of_kind("PodDisruptionBudget")
    wrong = {**budget, "spec": {**budget["spec"], "maxUnavailible": 1}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, NEWEST, strict=True)


def test_kustomize_names_every_file() -> None:
    kustomization = yaml.safe_load(text(FOLDER / "kustomization.yaml"))
    assert sorted(kustomization["resources"]) == FILES


@pytest.mark.parametrize("each", WORKLOADS, ids=named)
def test_every_pod_is_locked_down_and_bounded(each: dict[str, Any]) -> None:
    pod = each["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"].keys() == {"requests", "limits"}
    assert container["image"] == "aftersales"
    accounts = {account["metadata"]["name"] for account in of_kind("ServiceAccount")}
    assert pod["serviceAccountName"] in accounts
    volumes = {volume["name"] for volume in pod["volumes"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == volumes


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_probed_spread_and_kept_up(service: str) -> None:
    (deployment,) = [each for each in of_kind("Deployment") if each["metadata"]["name"] == service]
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["args"] == ["python", "-m", f"services.{service}"]
    probes = ("startup", "liveness", "readiness")
    paths = {name: container[f"{name}Probe"]["httpGet"]["path"] for name in probes}
    assert paths == {"startup": "/live", "liveness": "/live", "readiness": "/ready"}
    environment = {each["name"]: each["value"] for each in container["env"]}
    assert environment["AFTERSALES_KAFKA__SASL_USERNAME"] == principal_of(service)
    (budget,) = [each for each in of_kind("PodDisruptionBudget") if each["metadata"]["name"] == service]
    (scaled,) = [each for each in of_kind("ScaledObject") if each["metadata"]["name"] == service]
    assert budget["spec"]["maxUnavailable"] < scaled["spec"]["minReplicaCount"]
    assert "replicas" not in deployment["spec"], "the scaler and every apply would undo each other"
    wanted = deployment["spec"]["selector"]["matchLabels"]
    assert budget["spec"]["selector"]["matchLabels"] == wanted
    assert wanted.items() <= deployment["spec"]["template"]["metadata"]["labels"].items()


@pytest.mark.parametrize("service", SERVICES)
def test_replicas_are_bounded_by_the_partitions_that_there_are_to_read(service: str) -> None:
    (scaled,) = [each for each in of_kind("ScaledObject") if each["metadata"]["name"] == service]
    topics = inputs(load_services([service])[service])
    assert scaled["spec"]["maxReplicaCount"] == max(TOPICS[topic].partitions for topic in topics)
    assert scaled["spec"]["scaleTargetRef"] == {"name": service}
    (trigger,) = scaled["spec"]["triggers"]
    assert trigger["metadata"]["consumerGroup"] == f"aftersales-{service}"


def test_the_guide_gives_the_database_connections_for_every_replica() -> None:
    replicas_count = sum(each["spec"]["maxReplicaCount"] for each in of_kind("ScaledObject"))
    guide = text(ROOT / "deploy" / "README.md")
    (most,) = re.findall(r"`max_connections = (\d+)`", guide)
    assert f"there are {replicas_count}, with {Database().pool_max + 2} connections each" in guide
    assert int(most) > replicas_count * (Database().pool_max + 2)


def test_an_operator_has_a_place_with_the_database_and_its_own_principal() -> None:
    (deployment,) = [each for each in of_kind("Deployment") if each["metadata"]["name"] == "operator"]
    assert deployment["spec"]["replicas"] == 0
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    environment = {each["name"]: each["value"] for each in container["env"]}
    assert environment["AFTERSALES_KAFKA__SASL_USERNAME"] == principal_of(OPERATOR)
    (secrets,) = [each["projected"]["sources"] for each in pod["volumes"] if each["name"] == "secrets"]
    given = {
        item["path"]: (one["secret"]["name"], item["key"])
        for one in secrets
        for item in one["secret"]["items"]
    }
    assert given == {
        DATABASE: ("administrator", DATABASE),
        "AFTERSALES_KAFKA__SASL_PASSWORD": ("passwords", "operator_kafka_password"),
    }


@pytest.mark.parametrize("each", WORKLOADS, ids=named)
def test_every_pod_may_reach_the_broker_and_the_database(each: dict[str, Any]) -> None:
    (policy,) = [one for one in of_kind("NetworkPolicy") if one["metadata"]["name"] == "to-what-they-need"]
    (expression,) = policy["spec"]["podSelector"]["matchExpressions"]
    labels = each["spec"]["template"]["metadata"]["labels"]
    assert labels[expression["key"]] in expression["values"]


def test_rights_are_taken_only_by_a_job_that_waits_for_somebody() -> None:
    jobs = {each["metadata"]["name"]: each["spec"] for each in of_kind("Job")}
    revoking = {
        name: spec.get("suspend", False)
        for name, spec in jobs.items()
        if "--revoke" in spec["template"]["spec"]["containers"][0]["args"]
    }
    assert revoking == {"revoke": True}
    assert not any(spec.get("suspend") for name, spec in jobs.items() if name != "revoke")


@pytest.mark.parametrize("name", [*SERVICES, OPERATOR])
def test_packs_of_the_operator_are_mounted_where_they_are_looked_for(name: str) -> None:
    """For reading only; without the ConfigMap the folder is empty, and the package's packs hold."""
    (deployment,) = [each for each in of_kind("Deployment") if each["metadata"]["name"] == name]
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    environment = {each["name"]: each["value"] for each in container["env"]}
    (mount,) = [each for each in container["volumeMounts"] if each["name"] == "policies"]
    assert mount == {
        "name": "policies",
        "mountPath": environment["AFTERSALES_POLICIES"],
        "readOnly": True,
    }
    others = {each["mountPath"] for each in container["volumeMounts"]} - {mount["mountPath"]}
    assert not any(f"{mount['mountPath']}/".startswith(f"{other}/") for other in others), "inside another"
    (volume,) = [each for each in pod["volumes"] if each["name"] == "policies"]
    assert volume["configMap"] == {"name": "policies", "optional": True}


def test_every_setting_that_is_set_exists() -> None:
    known = {variable for variable, _, _ in table()}
    known |= {"AFTERSALES_SECRETS_DIR", "AFTERSALES_TOPICS_REPLICATION"}
    (shared,) = of_kind("ConfigMap")
    used = set(shared["data"])
    for each in WORKLOADS:
        (container,) = each["spec"]["template"]["spec"]["containers"]
        used |= {variable["name"] for variable in container["env"]}
    assert {name.removesuffix("_FILE") for name in used if name.startswith("AFTERSALES_")} - known == {
        "AFTERSALES_KAFKA__TLS_CA"  # its own name ends in _FILE
    }
    assert "AFTERSALES_KAFKA__TLS_CA_FILE" in known


def test_nothing_talks_to_anything_unless_a_policy_says_so() -> None:
    policies = {each["metadata"]["name"]: each["spec"] for each in of_kind("NetworkPolicy")}
    assert policies["nothing"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    for spec in policies.values():
        for rule in [*spec.get("ingress", ()), *spec.get("egress", ())]:
            assert rule.get("from") or rule.get("to"), "a rule without a peer allows everybody"
            assert rule["ports"]
