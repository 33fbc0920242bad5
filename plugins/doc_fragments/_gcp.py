# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options that every Google module shares.  PRIVATE to the collection."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  project:
    description:
      - Id of the Google Cloud project.
      - Defaults to the first of the environment variables E(GCP_PROJECT), E(GOOGLE_CLOUD_PROJECT) and E(GCE_PROJECT) that is set.
    type: str
    required: true
  auth_kind:
    description:
      - Which credentials to use. V(application) uses Application Default Credentials, V(serviceaccount) the service account key in
        O(service_account_file) or O(service_account_contents), V(machineaccount) the metadata server, V(accesstoken) O(access_token).
      - Environment variable E(GCP_AUTH_KIND).
    type: str
    choices: [application, serviceaccount, machineaccount, accesstoken]
    default: application
  service_account_file:
    description: Path of a service account key file. Environment variable E(GCP_SERVICE_ACCOUNT_FILE).
    type: path
  service_account_contents:
    description: Contents of a service account key file, as JSON. Environment variable E(GCP_SERVICE_ACCOUNT_CONTENTS).
    type: jsonarg
  service_account_email:
    description:
      - E-mail address of the service account to request from the metadata server, with O(auth_kind=machineaccount).
      - Environment variable E(GCP_SERVICE_ACCOUNT_EMAIL).
    type: str
  access_token:
    description: OAuth 2.0 access token. Environment variable E(GCP_ACCESS_TOKEN).
    type: str
  impersonate_service_account:
    description:
      - E-mail address of a service account to impersonate. The credentials need C(roles/iam.serviceAccountTokenCreator) on it.
      - Environment variable E(GOOGLE_IMPERSONATE_SERVICE_ACCOUNT).
    type: str
  quota_project:
    description: Project that is charged for quota and billing of the requests. Environment variable E(GOOGLE_CLOUD_QUOTA_PROJECT).
    type: str
  scopes:
    description: OAuth 2.0 scopes to request. Environment variable E(GCP_SCOPES).
    type: list
    elements: str
    default: ["https://www.googleapis.com/auth/cloud-platform"]
  ca_certificate_file:
    description: File with CA certificates in PEM format to trust for the endpoints instead of the system's, for example those of a proxy.
    type: path
  request_timeout:
    description: Timeout of a single request, in seconds.
    type: int
    default: 30
  retry_timeout:
    description: Seconds that a request and its retries after transient errors (HTTP 429 and 5xx, lost connections) may take in total.
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
    description: Root URL of the IAM Service Account Credentials API, which O(impersonate_service_account) uses.
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
    description: Root URL of the Pub/Sub API. With C(http://), neither TLS nor authentication is used, as for an emulator.
    type: str
    default: https://pubsub.googleapis.com/
requirements:
  - python >= 3.11
  - google-auth
  - requests
"""
