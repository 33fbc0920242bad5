# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options that every Google module shares.  PRIVATE to the collection."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  project:
    description:
      - Id of the Google Cloud project.
      - Environment variables E(GCP_PROJECT), E(GOOGLE_CLOUD_PROJECT) and E(GCE_PROJECT) are used, in this order, when it is not given.
    type: str
    required: true
  auth_kind:
    description:
      - How to log in. V(application) uses Application Default Credentials, V(serviceaccount) a key in O(service_account_file) or
        O(service_account_contents), V(machineaccount) the metadata server, V(accesstoken) the token in O(access_token).
      - Environment variable E(GCP_AUTH_KIND).
    type: str
    choices: [application, serviceaccount, machineaccount, accesstoken]
    default: application
  service_account_file:
    description: Path of a service account's key file. Environment variable E(GCP_SERVICE_ACCOUNT_FILE).
    type: path
  service_account_contents:
    description: Contents of a service account's key file, as JSON. Environment variable E(GCP_SERVICE_ACCOUNT_CONTENTS).
    type: jsonarg
  service_account_email:
    description:
      - E-mail of the machine's service account with O(auth_kind=machineaccount).
      - Environment variable E(GCP_SERVICE_ACCOUNT_EMAIL).
    type: str
  access_token:
    description: An OAuth 2 access token. Environment variable E(GCP_ACCESS_TOKEN).
    type: str
  impersonate_service_account:
    description:
      - E-mail of a service account to act as. Whoever logs in needs C(roles/iam.serviceAccountTokenCreator) on it.
      - Environment variable E(GOOGLE_IMPERSONATE_SERVICE_ACCOUNT).
    type: str
  quota_project:
    description: Project to which quota and billing of the calls are counted. Environment variable E(GOOGLE_CLOUD_QUOTA_PROJECT).
    type: str
  scopes:
    description: OAuth 2 scopes to ask for. Environment variable E(GCP_SCOPES).
    type: list
    elements: str
    default: ["https://www.googleapis.com/auth/cloud-platform"]
  ca_certificate_file:
    description: File of certificates, as PEM, that are trusted for the endpoints instead of the system's, for example a company's own CA.
    type: path
  request_timeout:
    description: Seconds that one request may take.
    type: int
    default: 30
  retry_timeout:
    description: Seconds that one request and its repetitions after passing errors (429, 5xx, lost connections) may take together.
    type: int
    default: 90
  sql_endpoint:
    description: Root URL of the Cloud SQL Admin API, for Private Service Connect or a restricted virtual IP.
    type: str
    default: https://sqladmin.googleapis.com/
  iam_endpoint:
    description: Root URL of the IAM API.
    type: str
    default: https://iam.googleapis.com/
  iam_credentials_endpoint:
    description: Root URL of the IAM Service Account Credentials API, which O(impersonate_service_account) asks for tokens.
    type: str
    default: https://iamcredentials.googleapis.com/
  resource_manager_endpoint:
    description: Root URL of the Resource Manager API.
    type: str
    default: https://cloudresourcemanager.googleapis.com/
  service_networking_endpoint:
    description: Root URL of the Service Networking API.
    type: str
    default: https://servicenetworking.googleapis.com/
  pubsub_endpoint:
    description: Root URL of the Pub/Sub API. V(http://) means a server without TLS and without log-in, such as an emulator.
    type: str
    default: https://pubsub.googleapis.com/
requirements:
  - python >= 3.11
  - google-auth
  - requests
"""
