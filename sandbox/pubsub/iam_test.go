// IAM policies of topics and subscriptions.

package main

import (
	"encoding/base64"
	"strings"
	"testing"

	"cloud.google.com/go/iam/apiv1/iampb"
	pb "cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/genproto/googleapis/type/expr"
	"google.golang.org/grpc/codes"
)

const publisher = "roles/pubsub.publisher"

func binding(role string, members ...string) *iampb.Binding {
	return &iampb.Binding{Role: role, Members: members}
}

func getPolicy(t *testing.T, client clients, version int32) *iampb.Policy {
	t.Helper()
	return must[*iampb.Policy](t)(client.iam.GetIamPolicy(t.Context(), &iampb.GetIamPolicyRequest{
		Resource: topicA, Options: &iampb.GetPolicyOptions{RequestedPolicyVersion: version},
	}))
}

func setPolicy(t *testing.T, client clients, policy *iampb.Policy) (*iampb.Policy, error) {
	t.Helper()
	return client.iam.SetIamPolicy(t.Context(), &iampb.SetIamPolicyRequest{Resource: topicA, Policy: policy})
}

func topicClients(t *testing.T) (*sandbox, clients) {
	t.Helper()
	server := start(t)
	client := server.plainClients(t)
	must[*pb.Topic](t)(client.topics.CreateTopic(t.Context(), &pb.Topic{Name: topicA}))
	return server, client
}

func TestPolicyIsReplacedUnderItsEtag(t *testing.T) {
	_, client := topicClients(t)
	empty := getPolicy(t, client, 3)
	if base64.StdEncoding.EncodeToString(empty.Etag) != "ACAB" || empty.Version != 0 || len(empty.Bindings) != 0 {
		t.Fatalf("the policy nobody set: %v", empty)
	}
	wanted := &iampb.Policy{Version: 3, Etag: empty.Etag, Bindings: []*iampb.Binding{
		binding(publisher, "user:B@Example.com", "user:a@example.com"), binding(publisher, "user:b@example.com"), binding("roles/viewer"),
	}}
	first := must[*iampb.Policy](t)(setPolicy(t, client, wanted))
	if first.Version != 1 || len(first.Bindings) != 1 || strings.Join(first.Bindings[0].Members, " ") != "user:a@example.com user:b@example.com" {
		t.Errorf("not normalised: %v", first)
	}
	_, err := setPolicy(t, client, wanted)
	wantError(t, err, codes.Aborted, "There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff.")
	wanted.Etag = nil
	second := must[*iampb.Policy](t)(setPolicy(t, client, wanted))
	if string(second.Etag) <= string(first.Etag) {
		t.Error("an equal policy gets a new etag, too")
	}
}

func TestConditionsAreVisibleFromVersion3(t *testing.T) {
	_, client := topicClients(t)
	conditional := binding(publisher, "user:a@example.com")
	conditional.Condition = &expr.Expr{Title: "until", Expression: `request.time < timestamp("2030-01-01T00:00:00Z")`}
	_, err := setPolicy(t, client, &iampb.Policy{Bindings: []*iampb.Binding{conditional}})
	wantError(t, err, codes.InvalidArgument, "must have version 3")
	must[*iampb.Policy](t)(setPolicy(t, client, &iampb.Policy{Version: 3, Bindings: []*iampb.Binding{conditional}}))
	if got := getPolicy(t, client, 3); got.Version != 3 || got.Bindings[0].Condition.GetTitle() != "until" || got.Bindings[0].Role != publisher {
		t.Errorf("version 3: %v", got)
	}
	got := getPolicy(t, client, 1)
	if got.Version != 1 || got.Bindings[0].Condition != nil || !strings.HasPrefix(got.Bindings[0].Role, publisher+"_withcond_") {
		t.Errorf("version 1: %v", got)
	}
}

func TestRefusedPolicies(t *testing.T) {
	server, client := topicClients(t)
	server.identity.missing = []string{"serviceAccount:new@demo.iam.gserviceaccount.com"}
	for text, bad := range map[string]*iampb.Binding{
		"The member bob is of an unknown type.":                                binding(publisher, "bob"),
		"Invalid service account (bob).":                                       binding(publisher, "serviceAccount:bob"),
		"Role roles/nonexistent is not supported for this resource.":           binding("roles/nonexistent", "user:a@example.com"),
		"Role projects/p/roles/own is not supported for this resource.":        binding("projects/p/roles/own", "user:a@example.com"),
		"Role roles/pubsub.publish is not supported for this resource.":        binding("roles/pubsub.publish", "user:a@example.com"),
		"Service account new@demo.iam.gserviceaccount.com does not exist.":     binding(publisher, "serviceAccount:new@demo.iam.gserviceaccount.com"),
		"The member serviceaccount:a@b.c is of an unknown type. Please set a ": binding(publisher, "serviceaccount:a@b.c"),
	} {
		_, err := setPolicy(t, client, &iampb.Policy{Bindings: []*iampb.Binding{bad}})
		wantError(t, err, codes.InvalidArgument, text)
	}
	good := binding(publisher, "serviceAccount:old@demo.iam.gserviceaccount.com", "allUsers", "deleted:serviceAccount:x@y.z?uid=1",
		"principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p.svc.id.goog/subject/ns/n/sa/s",
		"serviceAccount:p.svc.id.goog[ns/account]")
	must[*iampb.Policy](t)(setPolicy(t, client, &iampb.Policy{Bindings: []*iampb.Binding{good}}))
	server.identity.missing = append(server.identity.missing, "serviceAccount:old@demo.iam.gserviceaccount.com")
	must[*iampb.Policy](t)(setPolicy(t, client, &iampb.Policy{Bindings: []*iampb.Binding{good}}))
}

func TestPolicyGoesWithItsTopic(t *testing.T) {
	_, client := topicClients(t)
	must[*iampb.Policy](t)(setPolicy(t, client, &iampb.Policy{Bindings: []*iampb.Binding{binding(publisher, "allUsers")}}))
	if _, err := client.topics.DeleteTopic(t.Context(), &pb.DeleteTopicRequest{Topic: topicA}); err != nil {
		t.Fatal(err)
	}
	_, err := setPolicy(t, client, &iampb.Policy{})
	wantError(t, err, codes.NotFound, "Resource not found (resource=orders).")
	must[*pb.Topic](t)(client.topics.CreateTopic(t.Context(), &pb.Topic{Name: topicA}))
	if got := getPolicy(t, client, 3); len(got.Bindings) != 0 {
		t.Errorf("the new topic has the old one's policy: %v", got)
	}
}
