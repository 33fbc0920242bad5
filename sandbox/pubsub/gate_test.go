// The TLS endpoint verifies each caller.

package main

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"testing"

	"cloud.google.com/go/iam/apiv1/iampb"
	pb "cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
)

const (
	owner  = "serviceAccount:owner@demo"
	sender = "serviceAccount:sender@demo"
)

func publishOne(t *testing.T, client clients, token string) error {
	t.Helper()
	_, err := client.topics.Publish(as(t, token), &pb.PublishRequest{Topic: topicA, Messages: []*pb.PubsubMessage{{Data: []byte("x")}}})
	return err
}

func TestEveryRPCHasItsPermission(t *testing.T) {
	for _, description := range []grpc.ServiceDesc{
		pb.Publisher_ServiceDesc, pb.Subscriber_ServiceDesc, pb.SchemaService_ServiceDesc, iampb.IAMPolicy_ServiceDesc,
	} {
		for _, method := range description.Methods {
			if needs["/"+description.ServiceName+"/"+method.MethodName] == nil {
				t.Errorf("%s/%s needs no permission", description.ServiceName, method.MethodName)
			}
		}
	}
}

func TestTLSEndpointWantsAGoodToken(t *testing.T) {
	client := start(t).tlsClients(t)
	_, err := client.topics.GetTopic(t.Context(), &pb.GetTopicRequest{Topic: topicA})
	wantError(t, err, codes.Unauthenticated, "Request is missing required authentication credential. Expected OAuth 2 access token")
	_, err = client.topics.GetTopic(as(t, "forged"), &pb.GetTopicRequest{Topic: topicA})
	wantError(t, err, codes.Unauthenticated, "Request had invalid authentication credentials. Expected OAuth 2 access token")
	_, err = client.topics.GetTopic(as(t, owner), &pb.GetTopicRequest{Topic: topicA})
	wantError(t, err, codes.NotFound, "Resource not found (resource=orders).")
	_, err = client.topics.GetTopic(as(t, owner), &pb.GetTopicRequest{Topic: "projects/other/topics/orders"})
	wantError(t, err, codes.NotFound, "Requested project not found or user does not have access to it (project=other).")
}

func TestATopicOfAnotherProject(t *testing.T) {
	client, topic := start(t).tlsClients(t), "projects/demo-host/topics/orders"
	must[*pb.Topic](t)(client.topics.CreateTopic(as(t, owner), &pb.Topic{Name: topic}))
	must[*pb.Topic](t)(client.topics.CreateTopic(as(t, owner), &pb.Topic{Name: topicA}))
	must[*iampb.Policy](t)(client.iam.SetIamPolicy(as(t, owner), &iampb.SetIamPolicyRequest{
		Resource: topic, Policy: &iampb.Policy{Bindings: []*iampb.Binding{binding(publisher, sender)}},
	}))
	publish := func(topic string) error {
		request := &pb.PublishRequest{Topic: topic, Messages: []*pb.PubsubMessage{{Data: []byte("x")}}}
		_, err := client.topics.Publish(as(t, sender), request)
		return err
	}
	wantError(t, publish(topicA), codes.PermissionDenied, "")
	must[*pb.Subscription](t)(client.subscriptions.CreateSubscription(as(t, owner), &pb.Subscription{Name: subA, Topic: topic}))
	if err := publish(topic); err != nil {
		t.Fatal(err)
	}
	pulled := must[*pb.PullResponse](t)(client.subscriptions.Pull(as(t, owner), &pb.PullRequest{Subscription: subA, MaxMessages: 1}))
	if len(pulled.ReceivedMessages) != 1 {
		t.Errorf("pulled: %v", pulled)
	}
}

func TestBindingDecidesWhoMayPublish(t *testing.T) {
	server := start(t)
	client := server.tlsClients(t)
	must[*pb.Topic](t)(client.topics.CreateTopic(as(t, owner), &pb.Topic{Name: topicA}))
	wantError(t, publishOne(t, client, sender), codes.PermissionDenied, "User not authorized to perform this action.")
	setMembers := func(members ...string) {
		t.Helper()
		must[*iampb.Policy](t)(client.iam.SetIamPolicy(as(t, owner), &iampb.SetIamPolicyRequest{
			Resource: topicA, Policy: &iampb.Policy{Bindings: []*iampb.Binding{binding(publisher, members...)}},
		}))
	}
	setMembers(sender)
	if err := publishOne(t, client, sender); err != nil {
		t.Fatal(err)
	}
	last := server.identity.questions[len(server.identity.questions)-1]
	if last.Permission != "pubsub.topics.publish" || last.Project != "demo-project" || last.Token != sender {
		t.Errorf("asked %+v", last)
	}
	setMembers()
	wantError(t, publishOne(t, client, sender), codes.PermissionDenied, "User not authorized")
}

func TestPositiveAnswersAreKeptForASecond(t *testing.T) {
	server := start(t)
	client := server.tlsClients(t)
	must[*pb.Topic](t)(client.topics.CreateTopic(as(t, owner), &pb.Topic{Name: topicA}))
	before := server.identity.asked()
	for range 50 {
		if err := publishOne(t, client, owner); err != nil {
			t.Fatal(err)
		}
	}
	if asked := server.identity.asked() - before; asked < 1 || asked > 3 {
		t.Errorf("asked %d times about 50 messages", asked)
	}
	before = server.identity.asked()
	for range 3 {
		wantError(t, publishOne(t, client, sender), codes.PermissionDenied, "not authorized")
	}
	if asked := server.identity.asked() - before; asked != 3 {
		t.Errorf("a refusal is asked about each time, not %d times", asked)
	}
}

func TestSubscriptionNeedsTwoPermissions(t *testing.T) {
	server := start(t)
	client := server.tlsClients(t)
	must[*pb.Topic](t)(client.topics.CreateTopic(as(t, owner), &pb.Topic{Name: topicA}))
	before := server.identity.asked()
	must[*pb.Subscription](t)(client.subscriptions.CreateSubscription(as(t, owner), &pb.Subscription{Name: subA, Topic: topicA}))
	var asked []string
	for _, each := range server.identity.questions[before:] {
		asked = append(asked, each.Permission)
	}
	if len(asked) != 2 || asked[0] != "pubsub.subscriptions.create" || asked[1] != "pubsub.topics.attachSubscription" {
		t.Errorf("asked for %v", asked)
	}
}

func TestStreamingPullIsVerified(t *testing.T) {
	server := start(t)
	plain, client := server.plainClients(t), server.tlsClients(t)
	must[*pb.Topic](t)(plain.topics.CreateTopic(t.Context(), &pb.Topic{Name: topicA}))
	must[*pb.Subscription](t)(plain.subscriptions.CreateSubscription(t.Context(), &pb.Subscription{Name: subA, Topic: topicA}))
	if err := publishOne(t, plain, ""); err != nil {
		t.Fatal(err)
	}
	pull := func(token string) (*pb.StreamingPullResponse, error) {
		stream := must[pb.Subscriber_StreamingPullClient](t)(client.subscriptions.StreamingPull(as(t, token)))
		if err := stream.Send(&pb.StreamingPullRequest{Subscription: subA, StreamAckDeadlineSeconds: 10}); err != nil {
			t.Fatal(err)
		}
		return stream.Recv()
	}
	_, err := pull(sender)
	wantError(t, err, codes.PermissionDenied, "User not authorized to perform this action.")
	got := must[*pb.StreamingPullResponse](t)(pull(owner))
	if string(got.ReceivedMessages[0].Message.Data) != "x" {
		t.Errorf("received %v", got)
	}
}

func TestPermissionsOfTheCaller(t *testing.T) {
	server := start(t)
	plain, client := server.plainClients(t), server.tlsClients(t)
	must[*pb.Topic](t)(plain.topics.CreateTopic(t.Context(), &pb.Topic{Name: topicA}))
	request := &iampb.TestIamPermissionsRequest{Resource: topicA, Permissions: []string{"pubsub.topics.get", "pubsub.topics.publish"}}
	if got := must[*iampb.TestIamPermissionsResponse](t)(client.iam.TestIamPermissions(as(t, sender), request)); len(got.Permissions) != 0 {
		t.Errorf("sender has %v", got.Permissions)
	}
	if got := must[*iampb.TestIamPermissionsResponse](t)(client.iam.TestIamPermissions(as(t, owner), request)); len(got.Permissions) != 2 {
		t.Errorf("owner has %v", got.Permissions)
	}
	if got := must[*iampb.TestIamPermissionsResponse](t)(plain.iam.TestIamPermissions(t.Context(), request)); len(got.Permissions) != 2 {
		t.Errorf("everybody has %v on the plain endpoint", got.Permissions)
	}
}

func TestIdentityServiceAway(t *testing.T) {
	server := start(t)
	server.identity.Close()
	_, err := server.tlsClients(t).topics.GetTopic(as(t, owner), &pb.GetTopicRequest{Topic: topicA})
	wantError(t, err, codes.Unavailable, "the identity service at http://127.0.0.1:")
}

func TestRESTOverTLS(t *testing.T) {
	server := start(t)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: server.roots}, ForceAttemptHTTP2: true}}
	url := "https://" + server.tls + "/v1/" + topicA
	if code, answer := send(t, client, http.MethodPut, url, "", "{}"); code != http.StatusUnauthorized {
		t.Errorf("without a token: %d %v", code, answer)
	}
	if code, answer := send(t, client, http.MethodPut, url, sender, "{}"); code != http.StatusForbidden {
		t.Errorf("without the permission: %d %v", code, answer)
	}
	if code, answer := send(t, client, http.MethodPut, url, owner, "{}"); code != http.StatusOK || answer["name"] != topicA {
		t.Errorf("the owner: %d %v", code, answer)
	}
	if code, _ := send(t, client, http.MethodGet, "https://"+server.tls+"/_sandbox/requests", owner, ""); code != http.StatusNotFound {
		t.Errorf("the TLS endpoint has control endpoints: %d", code)
	}
}

func TestAnswerFromBeforeAPolicyChangeIsNotKept(t *testing.T) {
	var tested *gate
	asked := 0
	slow := httptest.NewServer(http.HandlerFunc(func(writer http.ResponseWriter, _ *http.Request) {
		asked++
		tested.flush() // somebody sets a policy while the question is on its way
		writeJSON(writer, http.StatusOK, []byte(`{"status":"ok"}`))
	}))
	defer slow.Close()
	tested = newGate(newIdentity(slow.URL), newPolicies())
	for range 2 {
		must[verdict](t)(tested.ask(t.Context(), owner, access{"pubsub.topics.publish", topicA}))
	}
	if asked != 2 {
		t.Errorf("asked %d times", asked)
	}
}
