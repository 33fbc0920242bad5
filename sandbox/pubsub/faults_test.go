// Faults that a test switches on at the plain endpoint, and accounts that come and go.

package main

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"cloud.google.com/go/iam/apiv1/iampb"
	pb "cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/grpc/codes"
)

func (s *sandbox) fault(t *testing.T, body string) {
	t.Helper()
	if code, answer := s.rest(t, http.MethodPost, "/_sandbox/faults", body); code != http.StatusOK {
		t.Fatalf("%d %v", code, answer)
	}
}

func TestReadsLagBehindACreation(t *testing.T) {
	server, client := topicClients(t)
	server.fault(t, `{"name": "reads_lag", "method": "CreateSubscription", "options": {"reads": 2}}`)
	made := must[*pb.Subscription](t)(client.subscriptions.CreateSubscription(t.Context(), &pb.Subscription{Name: subA, Topic: topicA}))
	if made.AckDeadlineSeconds != 10 {
		t.Errorf("the answer to the creation can be trusted: %v", made)
	}
	for range 2 {
		_, err := client.subscriptions.GetSubscription(t.Context(), &pb.GetSubscriptionRequest{Subscription: subA})
		wantError(t, err, codes.NotFound, "Resource not found (resource=orders-sub).")
	}
	must[*pb.Subscription](t)(client.subscriptions.GetSubscription(t.Context(), &pb.GetSubscriptionRequest{Subscription: subA}))
	_, err := client.subscriptions.CreateSubscription(t.Context(), &pb.Subscription{Name: subA, Topic: topicA})
	wantError(t, err, codes.AlreadyExists, "")
	must[*pb.Topic](t)(client.topics.GetTopic(t.Context(), &pb.GetTopicRequest{Topic: topicA}))
}

func TestUnavailableDoesNothingAndALostAnswerDidIt(t *testing.T) {
	server := start(t)
	client := server.plainClients(t)
	get := func() error {
		_, err := client.topics.GetTopic(t.Context(), &pb.GetTopicRequest{Topic: topicA})
		return err
	}
	server.fault(t, `{"name": "unavailable", "method": "CreateTopic"}`)
	_, err := client.topics.CreateTopic(t.Context(), topicOf(topicA))
	wantError(t, err, codes.Unavailable, "Please try again.")
	wantError(t, get(), codes.NotFound, "")
	server.fault(t, `{"name": "answer_lost", "method": "CreateTopic"}`)
	code, answer := server.rest(t, http.MethodPut, "/v1/"+topicA, "{}")
	if code != http.StatusServiceUnavailable || answer["error"].(map[string]any)["status"] != "UNAVAILABLE" {
		t.Errorf("over REST: %d %v", code, answer)
	}
	if err := get(); err != nil {
		t.Errorf("the topic was made: %v", err)
	}
	server.fault(t, `{"name": "unavailable", "count": -1}`)
	for range 3 {
		wantError(t, get(), codes.Unavailable, "")
	}
	server.rest(t, http.MethodDelete, "/_sandbox/faults", "")
	if err := get(); err != nil {
		t.Errorf("all faults are off: %v", err)
	}
}

func TestUnavailableStream(t *testing.T) {
	server, client := topicClients(t)
	must[*pb.Subscription](t)(client.subscriptions.CreateSubscription(t.Context(), &pb.Subscription{Name: subA, Topic: topicA}))
	server.fault(t, `{"name": "unavailable", "method": "StreamingPull"}`)
	stream := must[pb.Subscriber_StreamingPullClient](t)(client.subscriptions.StreamingPull(t.Context()))
	if err := stream.Send(&pb.StreamingPullRequest{Subscription: subA, StreamAckDeadlineSeconds: 10}); err != nil {
		t.Fatal(err)
	}
	_, err := stream.Recv()
	wantError(t, err, codes.Unavailable, "")
}

func TestRefusalsThatPass(t *testing.T) {
	server, client := topicClients(t)
	server.fault(t, `{"name": "project_not_ready"}`)
	_, err := client.topics.CreateTopic(t.Context(), topicOf(topicA+"2"))
	wantError(t, err, codes.InvalidArgument, "retry this operation")
	must[*pb.Topic](t)(client.topics.CreateTopic(t.Context(), topicOf(topicA+"2")))

	policy := &iampb.Policy{Bindings: []*iampb.Binding{binding(publisher, "serviceAccount:new@demo.iam.gserviceaccount.com")}}
	server.fault(t, `{"name": "policy_account_unknown"}`)
	_, err = setPolicy(t, client, policy)
	wantError(t, err, codes.InvalidArgument, "Service account new@demo.iam.gserviceaccount.com does not exist.")
	server.fault(t, `{"name": "policy_aborted"}`)
	_, err = setPolicy(t, client, policy)
	wantError(t, err, codes.Aborted, "There were concurrent policy changes.")
	must[*iampb.Policy](t)(setPolicy(t, client, policy))
}

func TestAPolicyMayTakeEffectLater(t *testing.T) {
	server, plain := topicClients(t)
	client := server.tlsClients(t)
	server.fault(t, `{"name": "policy_lags", "options": {"seconds": 0.3}}`)
	started := time.Now()
	must[*iampb.Policy](t)(setPolicy(t, plain, &iampb.Policy{Bindings: []*iampb.Binding{binding(publisher, sender)}}))
	if got := getPolicy(t, plain, 3); len(got.Bindings) != 1 {
		t.Errorf("who reads the policy sees the new one: %v", got)
	}
	wantError(t, publishOne(t, client, sender), codes.PermissionDenied, "")
	for publishOne(t, client, sender) != nil {
		if time.Since(started) > 5*time.Second {
			t.Fatal("the policy never takes effect")
		}
	}
	if time.Since(started) < 300*time.Millisecond {
		t.Error("it took effect at once")
	}
}

func TestFaultsThatNobodyKnowsAreRefused(t *testing.T) {
	server := start(t)
	for _, body := range []string{
		`{"name": "nonsense"}`, `{"name": "unavailable", "colour": "red"}`, `{"name": "reads_lag", "options": {"seconds": 1}}`, `{`,
		`{"name": "unavailable", "method": "CreateTopics"}`, `{"name": "reads_lag", "method": "GetTopic"}`, `{"name": "unavailable", "fired": 1}`,
	} {
		if code, answer := server.rest(t, http.MethodPost, "/_sandbox/faults", body); code != http.StatusBadRequest {
			t.Errorf("%s: %d %v", body, code, answer)
		}
	}
	server.fault(t, `{"name": "reads_lag", "count": 2}`)
	_, answer := server.rest(t, http.MethodGet, "/_sandbox/faults", "")
	if len(answer["known"].(map[string]any)) != len(knownFaults) || len(answer["on"].([]any)) != 1 {
		t.Errorf("shown: %v", answer)
	}
}

func TestAFaultSaysHowOftenItHasFired(t *testing.T) {
	server, client := topicClients(t)
	server.fault(t, `{"name": "unavailable", "method": "GetTopic", "count": 2}`)
	left := func() string {
		_, answer := server.rest(t, http.MethodGet, "/_sandbox/faults", "")
		text := ""
		for _, one := range answer["on"].([]any) {
			each := one.(map[string]any)
			text += fmt.Sprint(each["name"], " ", each["count"], " ", each["fired"])
		}
		return text
	}
	for _, want := range []string{"unavailable 2 0", "unavailable 1 1", ""} {
		if got := left(); got != want {
			t.Errorf("faults that are on: %q, want %q", got, want)
		}
		client.topics.GetTopic(t.Context(), &pb.GetTopicRequest{Topic: topicA})
	}
}

func (f *fakeIdentity) know(ids accountIDs) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ids = ids
}

func TestADeletedAccountStaysInPoliciesUnderAnotherName(t *testing.T) {
	server, client := topicClients(t)
	const member = "serviceAccount:debezium@demo.iam.gserviceaccount.com"
	const gone = "deleted:" + member + "?uid=1"
	server.identity.know(accountIDs{member: "1"})
	set := must[*iampb.Policy](t)(setPolicy(t, client, &iampb.Policy{Bindings: []*iampb.Binding{binding(publisher, member, "user:a@b.c")}}))
	members := func() []string { return getPolicy(t, client, 3).Bindings[0].Members }

	for name, ids := range map[string]accountIDs{"deleted": {}, "made again": {member: "2"}} {
		server.identity.know(ids)
		if got := members(); !slices.Equal(got, []string{gone, "user:a@b.c"}) {
			t.Errorf("%s: %v", name, got)
		}
	}
	_, err := setPolicy(t, client, set)
	wantError(t, err, codes.Aborted, "")
	server.identity.know(accountIDs{member: "1"})
	if got := members(); !slices.Equal(got, set.Bindings[0].Members) {
		t.Errorf("undeleted: %v", got)
	}
	server.identity.know(accountIDs{member: "2"})
	fresh := getPolicy(t, client, 3)
	fresh.Bindings[0].Members = append(fresh.Bindings[0].Members, member)
	must[*iampb.Policy](t)(setPolicy(t, client, fresh))
	if got := members(); !slices.Equal(got, []string{gone, member, "user:a@b.c"}) {
		t.Errorf("granted again: %v", got)
	}
}

func TestAnAccountMadeAgainHasNotTheOldGrants(t *testing.T) {
	server, plain := topicClients(t)
	server.identity.know(accountIDs{sender: "1"})
	must[*iampb.Policy](t)(setPolicy(t, plain, &iampb.Policy{Bindings: []*iampb.Binding{binding(publisher, sender)}}))
	server.identity.know(accountIDs{sender: "2"})
	wantError(t, publishOne(t, server.tlsClients(t), sender), codes.PermissionDenied, "")
}

func TestAPolicyOfBeforeARestartKnowsItsAccountsFromItsFirstRead(t *testing.T) {
	kept := newPolicies()
	kept.byName[topicA] = &iampb.Policy{Bindings: []*iampb.Binding{binding(publisher, sender)}}
	if kept.rename(topicA, accountIDs{sender: "1"}) {
		t.Error("nothing changed yet")
	}
	if !kept.rename(topicA, accountIDs{}) || kept.get(topicA).Bindings[0].Members[0] != "deleted:"+sender+"?uid=1" {
		t.Errorf("the account was deleted: %v", kept.get(topicA))
	}
}
