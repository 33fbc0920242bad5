# SPDX-License-Identifier: GPL-3.0-or-later
"""A Deployment that is applied and then rolled out, with a reason and the last log lines when it cannot be.  PRIVATE to the collection."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from .._reconcile.errors import DeadlineExceeded, ReconcileError
from .._reconcile.plan import Action, Plan
from .._reconcile.wait import wait_for
from .cluster import Cluster, Manifest, identity
from .log import last_error, masked_lines
from .object import KubernetesObject, Observed, unchanged
from .rollout import State, Verdict, View, backing_off, judge, living_pod, restarts, rolled_out, running
from .secrets import SecretStore

LOG_LINES = 20
"""How much of a log an error shows."""


class RolloutFailed(ReconcileError):
    """The rollout cannot succeed; `details` has the last log lines."""


@dataclass(frozen=True)
class ObservedWorkload(Observed):
    """A Deployment with its pods; `view` is None when it does not exist.

    rolled_out: the Deployment is unchanged and its own status proves the rollout, so that nothing else was listed.
    pod: the name of its pod, if that is known then.
    """

    view: View | None
    rolled_out: bool = False
    pod: str | None = None


@dataclass(frozen=True)
class Restart(Action):
    """Delete a pod, so that its ReplicaSet makes a new one at once."""

    pod: str


class Workload(KubernetesObject):
    """One Deployment and its rollout.

    wait: whether to wait for the rollout.  wait_timeout: seconds for that, and for a deletion.
    scheduling_timeout: seconds that a pod may find no node.
    hint: what the last log lines, and the reason after them, may mean, as one message, or None.
    results: further values for the module's result that are known beforehand.
    restart_waiting: whether a pod that waits to be started again, after it ended too often, is replaced at once.
    want_pod: whether the fact `pod_name` is asked for; of an unchanged Deployment that rolled out it costs one more request.
    """

    def __init__(
        self,
        cluster: Cluster,
        manifest: Manifest,
        present: bool = True,
        force_conflicts: bool = False,
        wait: bool = True,
        wait_timeout: float = 600,
        scheduling_timeout: float = 180,
        hint: Callable[[Sequence[str]], str | None] = lambda lines: None,
        results: Mapping[str, t.Any] | None = None,
        want_pod: bool = True,
        restart_waiting: bool = False,
    ) -> None:
        super().__init__(cluster, manifest, present, force_conflicts, wait_timeout=wait_timeout)
        self.wait = wait
        self.scheduling_timeout = scheduling_timeout
        self.hint = hint
        self.results = results or {}
        self.want_pod = want_pod
        self.restart_waiting = restart_waiting

    def read(self) -> ObservedWorkload | None:
        found = super().read()
        if found is None:
            return None
        if found.live is not None and unchanged(found) and rolled_out(found.live):
            pod = self._pod_name() if self.want_pod else None
            return ObservedWorkload(found.live, found.expected, View(found.live), True, pod)
        return ObservedWorkload(found.live, found.expected, self._view())

    def plan(self, observed: Observed | None) -> Plan:
        plan = super().plan(observed)
        if plan.actions or not isinstance(observed, ObservedWorkload) or observed.view is None or observed.rolled_out:
            return plan
        waiting = backing_off(observed.view) if self.restart_waiting else []
        if waiting:
            # The kubelet waits up to five minutes between restarts, also when the cause is gone (kubernetes.io, "Container restarts").
            actions = tuple(Restart(f"restart pod {pod}, which waits after {count} restarts", pod) for pod, count in waiting)
            return dataclasses.replace(plan, actions=actions)
        verdict = judge(observed.view)
        if verdict.state is State.DONE:
            return plan
        return dataclasses.replace(plan, warnings=(f"{self.title} was unchanged but not rolled out: {verdict.reason.rstrip('.')}.",))

    def apply(self, action: Action) -> None:
        if not isinstance(action, Restart):
            super().apply(action)
            return
        _, namespace, _ = identity(self.manifest)
        self.cluster.delete({"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": namespace, "name": action.pod}})

    def settle(self, observed: Observed | None) -> ObservedWorkload | None:
        """Wait until the rollout is done, also one that an earlier run began.  Raises RolloutFailed or DeadlineExceeded."""
        if not isinstance(observed, ObservedWorkload):
            return None
        if not self.wait or not self.present or observed.view is None or observed.rolled_out:
            return observed
        begin, before, last = self.cluster.clock.now(), restarts(observed.view.pods), judge(observed.view)

        def look() -> bool | None:
            nonlocal last
            view = self._view()
            if view is None:
                raise RolloutFailed(f"{self.title} was deleted during its rollout.")
            waited = self.cluster.clock.now() - begin
            last = judge(dataclasses.replace(view, restarts=before, waited=waited, scheduling_timeout=self.scheduling_timeout))
            if last.state is State.FAILED:
                raise self._failure(RolloutFailed, f"{self.title} cannot be rolled out: {last.reason.rstrip('.')}.", last)
            return True if last.state is State.DONE else None

        try:
            wait_for(look, f"{self.title} to be rolled out", self.wait_timeout, self.cluster.clock, factor=1.3, longest=5)
        except DeadlineExceeded as error:
            message = f"{self.title} was not rolled out within wait_timeout={self.wait_timeout:.0f} s: {last.reason.rstrip('.')}."
            raise self._failure(DeadlineExceeded, message, last) from error
        return self.read()

    def watch(self) -> Callable[[], None]:
        """A check for whoever waits for what the pods do: it raises RolloutFailed once they cannot go on by themselves."""
        view = self._view()
        before = restarts(view.pods) if view else {}

        def check() -> None:
            view = self._view()
            verdict = judge(dataclasses.replace(view, restarts=before)) if view else None
            if verdict and verdict.state is State.FAILED:
                raise self._failure(RolloutFailed, f"{self.title} has stopped: {verdict.reason.rstrip('.')}.", verdict)

        return check

    def explain(self, kind: type[ReconcileError], message: str) -> ReconcileError:
        """An error about what the pods do not do, with their last log lines and what these mean."""
        view = self._view()
        return self._failure(kind, message, running(view)) if view else kind(message)

    def facts(self, observed: Observed | None) -> dict[str, t.Any]:
        found = observed.expected if observed and self.present else None
        template = (found or self.manifest)["spec"]["template"]
        pod, ready = _pod_and_readiness(observed)
        _, namespace, name = identity(self.manifest)
        return {
            **self.results,
            "namespace": namespace,
            "name": name,
            "image": template["spec"]["containers"][0]["image"],
            "pod_name": pod,
            "ready": ready,
        }

    def _pod_name(self) -> str | None:
        _, namespace, _ = identity(self.manifest)
        return living_pod(self.cluster.find("v1", "Pod", str(namespace), labelSelector=self._selector()))

    def _selector(self) -> str:
        return ",".join(f"{key}={value}" for key, value in sorted(self.manifest["spec"]["selector"]["matchLabels"].items()))

    def _view(self) -> View | None:
        _, namespace, name = identity(self.manifest)
        selector = self._selector()
        pods = self.cluster.find("v1", "Pod", str(namespace), labelSelector=selector)
        replica_sets = self.cluster.find("apps/v1", "ReplicaSet", str(namespace), labelSelector=selector)
        pending = any(pod.get("status", {}).get("phase") == "Pending" for pod in pods)
        events = self.cluster.find("v1", "Event", str(namespace), fieldSelector="reason=FailedMount") if pending else []
        # Last, so that the Deployment never says "available" of pods that were not looked at.
        deployment = self.cluster.read("apps/v1", "Deployment", namespace, name)
        return None if deployment is None else View(deployment, tuple(replica_sets), tuple(pods), tuple(events))

    def _failure(self, kind: type[ReconcileError], message: str, verdict: Verdict) -> ReconcileError:
        lines, trouble = self._log(verdict)
        hint = self.hint([*lines, verdict.reason]) or last_error(lines)
        if trouble:
            message = f"{message} Its log could not be read: {trouble}"
        details: dict[str, t.Any] = {"pod_name": verdict.pod, "log": lines}
        return kind(f"{message} {hint}" if hint else message, **details)

    def _log(self, verdict: Verdict) -> tuple[list[str], str | None]:
        """The last log lines of the container that `verdict` names, without secrets; or why there are none."""
        _, namespace, _ = identity(self.manifest)
        if not verdict.pod or not verdict.container:
            return [], None
        query = {"container": verdict.container, "tailLines": str(LOG_LINES), "previous": "true" if verdict.previous else "false"}
        try:
            path = self.cluster.path("v1", "Pod", namespace, verdict.pod)
            text = self.cluster.text(f"Reading the log of pod {verdict.pod}", f"{path}/log", query)
            return masked_lines(text.splitlines()[-LOG_LINES:], self._known_secrets()), None
        except ReconcileError as error:
            return [], error.message

    def _known_secrets(self) -> list[str]:
        """Values of the Secrets that the pods get as environment: what a log could repeat."""
        _, namespace, _ = identity(self.manifest)
        store = SecretStore(self.cluster)
        known = []
        for container in self.manifest["spec"]["template"]["spec"]["containers"]:
            for variable in container.get("env", ()):
                source: Mapping[str, str] | None = variable.get("valueFrom", {}).get("secretKeyRef")
                if source and source["key"] != "user":
                    value = (store.read(str(namespace), source["name"]) or {}).get(source["key"], b"")
                    known.append(value.decode(errors="replace"))
        return known


def _pod_and_readiness(observed: Observed | None) -> tuple[str | None, bool]:
    """The pod's name, if known, and whether the Deployment is rolled out with a pod."""
    if not isinstance(observed, ObservedWorkload) or observed.view is None:
        return None, False
    if observed.rolled_out:
        return observed.pod, observed.view.deployment["spec"].get("replicas", 1) > 0
    verdict = judge(observed.view)
    return verdict.pod, bool(verdict.pod and verdict.state is State.DONE)
