// The gate of the TLS endpoint: lets a caller through whose token is good and who has the permission.

package main

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
)

// cacheTime is for how long a caller who was let through is not asked about again: Debezium publishes thousands of times a second.
const cacheTime = time.Second

const credentialsHelp = "Expected OAuth 2 access token, login cookie or other valid authentication credential. " +
	"See https://developers.google.com/identity/sign-in/web/devconsole-project."

// gate asks the identity service and remembers its positive answers for a short time.
type gate struct {
	identity *identity
	policies *policies

	mu      sync.Mutex
	passed  map[pass]passed
	flushes int
}

type pass struct {
	token string
	access
}

type passed struct {
	answer verdict
	until  time.Time
}

func newGate(identity *identity, policies *policies) *gate {
	return &gate{identity: identity, policies: policies, passed: map[pass]passed{}}
}

// admit lets a caller through or says why not; it tells who the caller is as soon as that is known.
//
// exists tells whether a project exists: a caller with a good token learns of a missing project first.
func (g *gate) admit(ctx context.Context, accesses []access, exists func(project string) bool) (member string, err error) {
	token, _ := callerToken(ctx)
	if token == "" {
		return "", status.Error(codes.Unauthenticated, "Request is missing required authentication credential. "+credentialsHelp)
	}
	for _, wanted := range accesses {
		if wanted.permission == "" {
			continue
		}
		answer, err := g.ask(ctx, token, wanted)
		if err != nil {
			return member, err
		}
		member = answer.Member
		if project, _, _ := splitName(wanted.resource); !exists(project) {
			return member, projectNotFound(project)
		}
		if answer.Status != "ok" {
			return member, status.Error(codes.PermissionDenied, "User not authorized to perform this action.")
		}
	}
	return member, nil
}

// ask tells whether the token's holder has the permission on the resource: "ok" or "denied".  A bad token is an error.
func (g *gate) ask(ctx context.Context, token string, wanted access) (verdict, error) {
	key := pass{token, wanted}
	g.mu.Lock()
	known, found := g.passed[key]
	flushes := g.flushes
	g.mu.Unlock()
	if found && time.Now().Before(known.until) {
		return known.answer, nil
	}
	if err := refresh(ctx, g.identity, g.policies, wanted.resource); err != nil {
		return verdict{}, err
	}
	project, _, _ := splitName(wanted.resource)
	asked := question{Token: token, Permission: wanted.permission, Project: project, Policy: json.RawMessage("null")}
	if policy := g.policies.effective(wanted.resource); policy != nil {
		encoded, err := protojson.Marshal(policy)
		if err != nil {
			return verdict{}, status.Error(codes.Internal, err.Error())
		}
		asked.Policy = encoded
	}
	answer, err := g.identity.check(ctx, asked)
	if err != nil {
		return verdict{}, err
	}
	if answer.Status == "unauthenticated" {
		return verdict{}, status.Error(codes.Unauthenticated, "Request had invalid authentication credentials. "+credentialsHelp)
	}
	if answer.Status == "ok" {
		g.remember(key, answer, flushes)
	}
	return answer, nil
}

// remember keeps an answer, unless a policy was set after the question: then the answer may be out of date.
func (g *gate) remember(key pass, answer verdict, flushes int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.flushes != flushes {
		return
	}
	now := time.Now()
	for old, known := range g.passed {
		if now.After(known.until) {
			delete(g.passed, old)
		}
	}
	g.passed[key] = passed{answer, now.Add(cacheTime)}
}

// flush forgets all answers.
func (g *gate) flush() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.flushes++
	clear(g.passed)
}

type verifiedEndpoint struct{}

// callerToken is the bearer token of a request; verified tells whether the request came through an endpoint that looks at it.
func callerToken(ctx context.Context) (token string, verified bool) {
	if ctx.Value(verifiedEndpoint{}) == nil {
		return "", false
	}
	incoming, _ := metadata.FromIncomingContext(ctx)
	for _, header := range incoming.Get("authorization") {
		if scheme, value, _ := strings.Cut(header, " "); strings.EqualFold(scheme, "bearer") {
			return strings.TrimSpace(value), true
		}
	}
	return "", true
}
