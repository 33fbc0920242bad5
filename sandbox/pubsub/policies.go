// IAM policies of topics, subscriptions and schemas: kept in memory, each with an etag.

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"cloud.google.com/go/iam/apiv1/iampb"
	"google.golang.org/protobuf/proto"
)

// neverSet is the etag of a policy that nobody has set: "ACAB" in base64, as Google's services answer.
var neverSet = []byte{0x00, 0x20, 0x01}

// conditionsVersion is the version of a policy that may hold conditions.
const conditionsVersion = 3

// policies holds the policy of each resource that has one.  A stored policy is never changed, only replaced.
type policies struct {
	mu       sync.Mutex
	byName   map[string]*iampb.Policy
	accounts map[string]accountIDs // by name of the resource
	earlier  map[string]earlier    // policies that still count, though others were set
	lastEtag uint64
}

// accountIDs are the unique ids that service accounts had when a policy named them, by member.
type accountIDs map[string]string

// An earlier policy counts until a time.
type earlier struct {
	policy *iampb.Policy
	until  time.Time
}

func newPolicies() *policies {
	return &policies{byName: map[string]*iampb.Policy{}, accounts: map[string]accountIDs{}, earlier: map[string]earlier{}}
}

// get reads the whole policy of a resource, or nil where none was set.  The caller must not change it.
func (p *policies) get(name string) *iampb.Policy {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.byName[name]
}

// effective reads the policy by which callers are judged now.
func (p *policies) effective(name string) *iampb.Policy {
	p.mu.Lock()
	defer p.mu.Unlock()
	if before, found := p.earlier[name]; found {
		if time.Now().Before(before.until) {
			return before.policy
		}
		delete(p.earlier, name)
	}
	return p.byName[name]
}

// set replaces a policy.  A policy with an etag must carry the present one; one without overwrites.
//
// ids: of the service accounts that it names.  lag: for how long callers are still judged by the policy before.
func (p *policies) set(name string, policy *iampb.Policy, ids accountIDs, lag time.Duration) (*iampb.Policy, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	present := neverSet
	before := p.byName[name]
	if before != nil {
		present = before.Etag
	}
	if len(policy.Etag) > 0 && !bytes.Equal(policy.Etag, present) {
		return nil, concurrentChange()
	}
	if lag > 0 {
		p.earlier[name] = earlier{before, time.Now().Add(lag)}
	}
	p.accounts[name] = maps.Clone(ids)
	stored := &iampb.Policy{Bindings: normalBindings(policy.Bindings), Etag: p.nextEtag(), Version: 1}
	if hasConditions(stored) {
		stored.Version = conditionsVersion
	}
	p.byName[name] = stored
	return stored, nil
}

// put sets the policy of a resource as it is, etag included.
func (p *policies) put(name string, policy *iampb.Policy, ids accountIDs) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.byName[name], p.accounts[name] = policy, ids
}

// each calls visit for every policy that was set.  visit must not change it.
func (p *policies) each(visit func(name string, policy *iampb.Policy, ids accountIDs)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for name, policy := range p.byName {
		visit(name, policy, p.accounts[name])
	}
}

func (p *policies) forget(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.byName, name)
	delete(p.accounts, name)
	delete(p.earlier, name)
}

// rename puts members under the names that fit the accounts there are now: one that was deleted is called
// deleted:serviceAccount:E?uid=U, also when another of the same e-mail was made, and is called as before when it was undeleted.
// It tells whether anything changed.
func (p *policies) rename(name string, now accountIDs) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	stored := p.byName[name]
	if stored == nil {
		return false
	}
	then := p.accounts[name]
	if then == nil { // of before a restart: what it names now counts from here on
		then = maps.Clone(now)
		p.accounts[name] = then
	}
	renamed := proto.CloneOf(stored)
	for _, binding := range renamed.Bindings {
		for index, member := range binding.Members {
			if id := then[member]; id != "" && id != now[member] {
				binding.Members[index] = deletedPrefix + member + uidMark + id
			} else if account, id := deletedAccount(member); id != "" && id == now[account] {
				binding.Members[index] = account
				then[account] = id
			}
		}
	}
	if proto.Equal(stored, renamed) {
		return false
	}
	renamed.Bindings = normalBindings(renamed.Bindings)
	renamed.Etag = p.nextEtag()
	p.byName[name] = renamed
	return true
}

const (
	deletedPrefix = "deleted:"
	uidMark       = "?uid="
)

// deletedAccount reads deleted:serviceAccount:E?uid=U; "" twice for any other member.
func deletedAccount(member string) (account, id string) {
	account, found := strings.CutPrefix(member, deletedPrefix)
	if !found || !strings.HasPrefix(account, "serviceAccount:") {
		return "", ""
	}
	account, id, _ = strings.Cut(account, uidMark)
	return account, id
}

// nextEtag makes an etag of the form of Google's: a 7, then the time in microseconds.
func (p *policies) nextEtag() []byte {
	p.lastEtag = max(p.lastEtag+1, 7<<56|uint64(time.Now().UnixMicro()))
	return binary.BigEndian.AppendUint64(nil, p.lastEtag)
}

// normalBindings merges bindings of the same role and condition, drops empty ones, and sorts members: the order is not kept.
func normalBindings(bindings []*iampb.Binding) []*iampb.Binding {
	var normal []*iampb.Binding
	for _, binding := range bindings {
		same := func(other *iampb.Binding) bool {
			return other.Role == binding.Role && proto.Equal(other.Condition, binding.Condition)
		}
		index := slices.IndexFunc(normal, same)
		if index < 0 {
			index = len(normal)
			normal = append(normal, &iampb.Binding{Role: binding.Role, Condition: binding.Condition})
		}
		for _, member := range binding.Members {
			normal[index].Members = append(normal[index].Members, normalMember(member))
		}
	}
	for _, binding := range normal {
		slices.Sort(binding.Members)
		binding.Members = slices.Compact(binding.Members)
	}
	return slices.DeleteFunc(normal, func(binding *iampb.Binding) bool { return len(binding.Members) == 0 })
}

// normalMember writes what follows the prefix in lower case, as the service does for all but principals.
func normalMember(member string) string {
	prefix, rest, found := strings.Cut(member, ":")
	if !found || strings.HasPrefix(prefix, "principal") || prefix == "deleted" {
		return member
	}
	return prefix + ":" + strings.ToLower(rest)
}

func hasConditions(policy *iampb.Policy) bool {
	return slices.ContainsFunc(policy.GetBindings(), func(binding *iampb.Binding) bool { return binding.Condition != nil })
}

// visible is what a caller sees who asks for a version of the policy.  Below version 3 a conditional binding is shown under a
// placeholder role, without its condition.
func visible(policy *iampb.Policy, version int32) *iampb.Policy {
	if policy == nil {
		return &iampb.Policy{Etag: neverSet}
	}
	shown := proto.CloneOf(policy)
	if version >= conditionsVersion || !hasConditions(shown) {
		return shown
	}
	shown.Version = 1
	for _, binding := range shown.Bindings {
		if condition := binding.Condition; condition != nil {
			sum := sha256.Sum256([]byte(condition.Title + "\n" + condition.Description + "\n" + condition.Expression))
			binding.Role += "_withcond_" + hex.EncodeToString(sum[:10])
			binding.Condition = nil
		}
	}
	return shown
}
