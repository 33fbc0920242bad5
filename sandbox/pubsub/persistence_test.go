// Topics, subscriptions and policies come back after the server was killed.

package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"cloud.google.com/go/iam/apiv1/iampb"
	pb "cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
)

const (
	topicB = project + "/topics/deleted"
	subB   = project + "/subscriptions/without-topic"
	subC   = project + "/subscriptions/detached"
)

// startKept runs a plain endpoint whose state is in a file.  There is no orderly end: what is answered must be in the file.
func startKept(t *testing.T, file string) clients {
	t.Helper()
	endpoints, err := open(options{plain: "127.0.0.1:0", projects: "demo-project", keep: file})
	if err != nil {
		t.Fatal(err)
	}
	go endpoints[0].endpoint.serve(endpoints[0].split)
	t.Cleanup(func() { endpoints[0].endpoint.stop(t.Context()) })
	return (&sandbox{plain: endpoints[0].split.listener.Addr().String()}).plainClients(t)
}

func TestWhatWasAnsweredComesBack(t *testing.T) {
	file := filepath.Join(t.TempDir(), "kept.json")
	before := startKept(t, file)
	must[*pb.Topic](t)(before.topics.CreateTopic(t.Context(), &pb.Topic{Name: topicA, Labels: map[string]string{"team": "x"}}))
	must[*pb.Topic](t)(before.topics.UpdateTopic(t.Context(), &pb.UpdateTopicRequest{
		Topic: &pb.Topic{Name: topicA, Labels: map[string]string{"team": "data"}}, UpdateMask: mask("labels"),
	}))
	must[*pb.Subscription](t)(before.subscriptions.CreateSubscription(t.Context(), &pb.Subscription{
		Name: subA, Topic: topicA, EnableMessageOrdering: true, MessageRetentionDuration: durationpb.New(31 * 24 * time.Hour),
		Filter: `attributes.kind = "a"`, DeadLetterPolicy: &pb.DeadLetterPolicy{DeadLetterTopic: topicA, MaxDeliveryAttempts: 5},
	}))
	must[*pb.Topic](t)(before.topics.CreateTopic(t.Context(), topicOf(topicB)))
	for _, name := range []string{subB, subC} {
		must[*pb.Subscription](t)(before.subscriptions.CreateSubscription(t.Context(), &pb.Subscription{Name: name, Topic: topicB}))
	}
	_, err := before.topics.DetachSubscription(t.Context(), &pb.DetachSubscriptionRequest{Subscription: subC})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := before.topics.DeleteTopic(t.Context(), &pb.DeleteTopicRequest{Topic: topicB}); err != nil {
		t.Fatal(err)
	}
	policy := must[*iampb.Policy](t)(before.iam.SetIamPolicy(t.Context(), &iampb.SetIamPolicyRequest{Resource: topicA, Policy: &iampb.Policy{
		Bindings: []*iampb.Binding{{Role: "roles/pubsub.publisher", Members: []string{"user:a@example.com"}}},
	}}))
	must[*pb.PublishResponse](t)(before.topics.Publish(t.Context(), &pb.PublishRequest{
		Topic: topicA, Messages: []*pb.PubsubMessage{{Data: []byte("lost"), Attributes: map[string]string{"kind": "a"}}},
	}))

	after := startKept(t, file)
	same(t, before.topics.GetTopic, after.topics.GetTopic, &pb.GetTopicRequest{Topic: topicA})
	for _, name := range []string{subA, subB, subC} {
		same(t, before.subscriptions.GetSubscription, after.subscriptions.GetSubscription, &pb.GetSubscriptionRequest{Subscription: name})
	}
	got := must[*iampb.Policy](t)(after.iam.GetIamPolicy(t.Context(), &iampb.GetIamPolicyRequest{Resource: topicA}))
	if !proto.Equal(got, policy) {
		t.Errorf("policy: got %v, want %v", got, policy)
	}
	_, err = after.topics.GetTopic(t.Context(), &pb.GetTopicRequest{Topic: topicB})
	wantError(t, err, codes.NotFound, "Resource not found (resource=deleted).")
	topics := must[*pb.ListTopicsResponse](t)(after.topics.ListTopics(t.Context(), &pb.ListTopicsRequest{Project: project}))
	if len(topics.Topics) != 1 {
		t.Errorf("topics: got %v, want one", topics.Topics)
	}

	// The message is lost, and the filter works again.
	for _, kind := range []string{"b", "a"} {
		must[*pb.PublishResponse](t)(after.topics.Publish(t.Context(), &pb.PublishRequest{
			Topic: topicA, Messages: []*pb.PubsubMessage{{Data: []byte(kind), Attributes: map[string]string{"kind": kind}}},
		}))
	}
	pulled := must[*pb.PullResponse](t)(after.subscriptions.Pull(t.Context(), &pb.PullRequest{Subscription: subA, MaxMessages: 10}))
	if len(pulled.ReceivedMessages) != 1 || string(pulled.ReceivedMessages[0].Message.Data) != "a" {
		t.Errorf("messages: got %v, want only a", pulled.ReceivedMessages)
	}
}

// same fails unless two servers give the same answer.
func same[Request, Answer proto.Message, Rpc ~func(context.Context, Request, ...grpc.CallOption) (Answer, error)](
	t *testing.T, before, after Rpc, request Request,
) {
	t.Helper()
	want, got := must[Answer](t)(before(t.Context(), request)), must[Answer](t)(after(t.Context(), request))
	if !proto.Equal(want, got) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestADiskThatIsFullRefusesTheChange(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "gone")
	client := startKept(t, filepath.Join(folder, "kept.json"))
	_, err := client.topics.CreateTopic(t.Context(), topicOf(topicA))
	wantError(t, err, codes.Internal, "The sandbox cannot write down what changed")
}

func TestADamagedFileIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "kept.json")
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := open(options{plain: "127.0.0.1:0", projects: "demo-project", keep: file}); err == nil {
		t.Fatal("a damaged file was read")
	}
}
