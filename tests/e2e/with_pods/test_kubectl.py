# SPDX-License-Identifier: GPL-3.0-or-later
"""Checked with kubectl: a Deployment of its own runs on the node, and site.yml takes over what kubectl applied."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from cdc_sandbox.kubernetes.containerd import BUSYBOX_IMAGE

from ..world import World

pytestmark = pytest.mark.timeout(300)

KUBECTL_DEMO = """
apiVersion: v1
kind: Namespace
metadata:
  name: kubectl-demo
  labels: {pod-security.kubernetes.io/enforce: restricted}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: kubectl-demo-debezium
  namespace: kubectl-demo
  labels: {parent: kubectl-demo}
automountServiceAccountToken: false
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: kubectl-demo}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      labels: {app: web}
    spec:
      serviceAccountName: kubectl-demo-debezium
      securityContext:
        runAsNonRoot: true
        runAsUser: 1000
        seccompProfile: {type: RuntimeDefault}
      containers:
        - name: web
          image: IMAGE
          command: [sh, -c, "mkdir /tmp/www; echo hello from the pod | tee /tmp/www/index.html; exec httpd -f -p 8080 -h /tmp/www"]
          readinessProbe:
            tcpSocket: {port: 8080}
            periodSeconds: 1
          securityContext:
            allowPrivilegeEscalation: false
            capabilities: {drop: [ALL]}
          volumeMounts:
            - {name: tmp, mountPath: /tmp}
      volumes:
        - {name: tmp, emptyDir: {}}
"""


@contextmanager
def forwarded(world: World, namespace: str, target: str, port: int) -> Iterator[str]:
    """`kubectl port-forward` to `port` of `target`; gives the local address that it chose."""
    command = [str(world.settings.state / "bin/kubectl"), "port-forward", "--namespace", namespace, target, f":{port}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("Forwarding from "), line
            yield line.split()[2]
        finally:
            process.terminate()


def test_kubectl_applies_waits_reads_logs_and_forwards_a_port(world: World, tmp_path: Path) -> None:
    manifest = tmp_path / "demo.yaml"
    manifest.write_text(KUBECTL_DEMO.replace("IMAGE", BUSYBOX_IMAGE))
    world.kubectl("apply", "--filename", str(manifest))
    world.kubectl("wait", "--for=condition=Available", "deployment/web", "--namespace", "kubectl-demo", "--timeout=60s")
    assert world.kubectl("logs", "deployment/web", "--namespace", "kubectl-demo") == "hello from the pod\n"
    with forwarded(world, "kubectl-demo", "deployment/web", 8080) as address:
        assert requests.get(f"http://{address}/", timeout=10).text == "hello from the pod\n"
    again = world.kubectl("apply", "--filename", str(manifest)).splitlines()
    assert len(again) == 3
    assert all(line.endswith(" unchanged") for line in again), again


def test_site_adopts_what_kubectl_applied(world: World) -> None:
    wanted = world.kubectl("get", "serviceaccount", "kubectl-demo-debezium", "--namespace", "kubectl-demo", "--output", "json")
    variables = {"cdc_name": "kubectl-demo", "cdc_namespace": "kubectl-demo"}
    changed = world.site("--check", "--tags", "debezium_k8s", variables=variables).changed()
    assert "Deployment kubectl-demo/kubectl-demo-debezium" in changed, "it is not there, so the run did look"
    assert not {"Namespace kubectl-demo", "ServiceAccount kubectl-demo/kubectl-demo-debezium"} & set(changed)
    assert wanted == world.kubectl("get", "serviceaccount", "kubectl-demo-debezium", "--namespace", "kubectl-demo", "--output", "json")
