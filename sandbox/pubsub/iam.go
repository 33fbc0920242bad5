// The IAMPolicy service of Pub/Sub's resources.

package main

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"cloud.google.com/go/iam/apiv1/iampb"
)

// iam answers the three RPCs of google.iam.v1.IAMPolicy.
type iam struct {
	iampb.UnimplementedIAMPolicyServer
	service  *service
	gate     *gate
	identity *identity // asked whether service accounts exist; nil: nobody is asked
}

// GetIamPolicy reads a policy.
func (i *iam) GetIamPolicy(ctx context.Context, request *iampb.GetIamPolicyRequest) (*iampb.Policy, error) {
	version := request.GetOptions().GetRequestedPolicyVersion()
	if version != 0 && version != 1 && version != conditionsVersion {
		return nil, invalid("Invalid requested policy version (%d): valid values are 0, 1 and 3.", version)
	}
	if err := refresh(ctx, i.identity, i.service.policies, request.Resource); err != nil {
		return nil, err
	}
	i.service.mu.RLock()
	defer i.service.mu.RUnlock()
	if !i.service.exists(ctx, request.Resource) {
		return nil, notFound(request.Resource)
	}
	return visible(i.service.policies.get(request.Resource), version), nil
}

// SetIamPolicy replaces a policy.
func (i *iam) SetIamPolicy(ctx context.Context, request *iampb.SetIamPolicyRequest) (*iampb.Policy, error) {
	if err := checkPolicy(request.GetPolicy()); err != nil {
		return nil, err
	}
	ids, err := i.checkAccounts(ctx, request)
	if err != nil {
		return nil, err
	}
	i.service.mu.RLock()
	defer i.service.mu.RUnlock()
	if !i.service.exists(ctx, request.Resource) {
		return nil, notFound(request.Resource)
	}
	stored, err := i.service.policies.set(request.Resource, request.Policy, ids, i.service.faults.lagOf("SetIamPolicy"))
	if err != nil {
		return nil, err
	}
	i.gate.flush()
	return visible(stored, conditionsVersion), nil
}

// TestIamPermissions tells which of the permissions the caller has; on the endpoint without credentials, all.
func (i *iam) TestIamPermissions(
	ctx context.Context, request *iampb.TestIamPermissionsRequest,
) (*iampb.TestIamPermissionsResponse, error) {
	i.service.mu.RLock()
	exists := i.service.exists(ctx, request.Resource)
	i.service.mu.RUnlock()
	if !exists {
		return nil, notFound(request.Resource)
	}
	granted := &iampb.TestIamPermissionsResponse{}
	token, verified := callerToken(ctx)
	for _, permission := range request.Permissions {
		if verified {
			answer, err := i.gate.ask(ctx, token, access{permission, request.Resource})
			if err != nil {
				return nil, err
			}
			if answer.Status != "ok" {
				continue
			}
		}
		granted.Permissions = append(granted.Permissions, permission)
	}
	return granted, nil
}

// checkAccounts refuses a policy that names a new member who does not exist; it gives the unique ids of those who do.  Members of the
// present policy stay.
func (i *iam) checkAccounts(ctx context.Context, request *iampb.SetIamPolicyRequest) (accountIDs, error) {
	if i.identity == nil {
		return nil, nil
	}
	if err := refresh(ctx, i.identity, i.service.policies, request.Resource); err != nil {
		return nil, err
	}
	known, wanted := serviceAccounts(i.service.policies.get(request.Resource)), serviceAccounts(request.Policy)
	if len(wanted) == 0 {
		return nil, nil
	}
	missing, ids, err := i.identity.members(ctx, wanted)
	if err != nil {
		return nil, err
	}
	added := slices.DeleteFunc(slices.Clone(wanted), func(member string) bool { return slices.Contains(known, member) })
	for _, member := range added {
		email := strings.TrimPrefix(member, "serviceAccount:")
		gone := func(one string) bool { return strings.TrimPrefix(one, "serviceAccount:") == email }
		if slices.ContainsFunc(missing, gone) || i.service.faults.take("policy_account_unknown", "SetIamPolicy") != nil {
			return nil, invalid("Service account %s does not exist.", email)
		}
	}
	return ids, nil
}

// refresh renames members of a stored policy whose accounts were deleted, made again or undeleted since.  In the real service a
// policy learns of it by itself; here it is asked for whenever the policy is looked at.
func refresh(ctx context.Context, identity *identity, policies *policies, resource string) error {
	stored := policies.get(resource)
	members := serviceAccounts(stored)
	for _, binding := range stored.GetBindings() {
		for _, member := range binding.Members {
			if account, _ := deletedAccount(member); account != "" {
				members = append(members, account)
			}
		}
	}
	if identity == nil || len(members) == 0 {
		return nil
	}
	_, ids, err := identity.members(ctx, members)
	if err == nil && ids != nil {
		policies.rename(resource, ids)
	}
	return err
}

// serviceAccounts lists the members that are service accounts, each once.
func serviceAccounts(policy *iampb.Policy) []string {
	var members []string
	for _, binding := range policy.GetBindings() {
		for _, member := range binding.Members {
			member = normalMember(member)
			if strings.HasPrefix(member, "serviceAccount:") && !slices.Contains(members, member) {
				members = append(members, member)
			}
		}
	}
	return members
}

var (
	roleName   = regexp.MustCompile(`^roles/(owner|editor|viewer|browser|admin|reader|writer|[a-z][A-Za-z0-9]*\.[A-Za-z][A-Za-z0-9_.]*)(_withcond_[0-9a-f]{20})?$`)
	pubsubRole = regexp.MustCompile(`^roles/pubsub\.(admin|editor|publisher|subscriber|viewer|serviceAgent)$`)
	memberName = regexp.MustCompile(`^(allUsers|allAuthenticatedUsers|(user|serviceAccount|group|domain|project(Owner|Editor|Viewer)):.+` +
		`|deleted:(user|serviceAccount|group|principal|principalSet):.+|(principal|principalSet)://.+)$`)
)

// checkPolicy looks at a policy's syntax.
func checkPolicy(policy *iampb.Policy) error {
	if policy == nil {
		return invalid("The policy in the SetIamPolicyRequest must be set.")
	}
	if policy.Version != 0 && policy.Version != 1 && policy.Version != conditionsVersion {
		return invalid("Invalid policy version (%d): valid values are 0, 1 and 3.", policy.Version)
	}
	if hasConditions(policy) && policy.Version != conditionsVersion {
		return invalid("A policy with conditions must have version 3; this one has version %d.", policy.Version)
	}
	for _, binding := range policy.Bindings {
		if !roleName.MatchString(binding.Role) || strings.HasPrefix(binding.Role, "roles/pubsub.") && !pubsubRole.MatchString(binding.Role) {
			return invalid("Role %s is not supported for this resource.", binding.Role)
		}
		for _, member := range binding.Members {
			if err := checkMember(member); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkMember(member string) error {
	if !memberName.MatchString(member) {
		return invalid("The member %s is of an unknown type. Please set a valid type prefix for the member.", member)
	}
	kind, value, _ := strings.Cut(member, ":")
	switch kind {
	case "user", "serviceAccount", "group":
		// A GKE identity is serviceAccount:P.svc.id.goog[namespace/account].
		if !strings.Contains(value, "@") && !strings.Contains(value, ".svc.id.goog[") {
			return invalid("Invalid %s (%s).", map[string]string{
				"user": "user", "serviceAccount": "service account", "group": "group",
			}[kind], value)
		}
	}
	return nil
}
