// Topics, subscriptions and messages behave as in the real service.

package main

import (
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	pb "cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

func mask(paths ...string) *fieldmaskpb.FieldMask { return &fieldmaskpb.FieldMask{Paths: paths} }

func TestNewTopicNames(t *testing.T) {
	client := start(t).plainClients(t)
	for _, id := range []string{"abc", "debezium-demo.public.orders", "a~b+c%25_d", "A" + strings.Repeat("x", 254)} {
		must[*pb.Topic](t)(client.topics.CreateTopic(t.Context(), &pb.Topic{Name: project + "/topics/" + id}))
	}
	for _, id := range []string{"ab", "1abc", "goog-topic", "Google", "bad$char", "A" + strings.Repeat("x", 255), "__debezium-heartbeat.x"} {
		_, err := client.topics.CreateTopic(t.Context(), &pb.Topic{Name: project + "/topics/" + id})
		wantError(t, err, codes.InvalidArgument, fmt.Sprintf("Invalid resource name given (name=%s/topics/%s). Refer to", project, id))
	}
	_, err := client.topics.CreateTopic(t.Context(), &pb.Topic{Name: "orders"})
	wantError(t, err, codes.InvalidArgument, "Invalid resource name given (name=orders)")
}

func TestLabelsOfInfrastructureToolsAreTaken(t *testing.T) {
	client := start(t).plainClients(t)
	labels := map[string]string{"goog-terraform-provisioned": "true", "google": "x"}
	made := must[*pb.Topic](t)(client.topics.CreateTopic(t.Context(), &pb.Topic{Name: topicA, Labels: labels}))
	if !maps.Equal(made.Labels, labels) {
		t.Errorf("labels of the new topic: %v", made.Labels)
	}
	subscription := &pb.Subscription{Name: subA, Topic: topicA, Labels: labels}
	must[*pb.Subscription](t)(client.subscriptions.CreateSubscription(t.Context(), subscription))
}

func TestErrorsHaveTheServicesWords(t *testing.T) {
	client := start(t).plainClients(t)
	_, err := client.topics.GetTopic(t.Context(), &pb.GetTopicRequest{Topic: topicA})
	wantError(t, err, codes.NotFound, "Resource not found (resource=orders).")
	_, err = client.topics.Publish(t.Context(), &pb.PublishRequest{Topic: topicA, Messages: []*pb.PubsubMessage{{Data: []byte("x")}}})
	wantError(t, err, codes.NotFound, "Resource not found (resource=orders).")
	_, err = client.subscriptions.CreateSubscription(t.Context(), &pb.Subscription{Name: subA, Topic: topicA})
	wantError(t, err, codes.NotFound, "Resource not found (resource=orders).")
	_, err = client.subscriptions.Pull(t.Context(), &pb.PullRequest{Subscription: subA, MaxMessages: 1})
	wantError(t, err, codes.NotFound, "Resource not found (resource=orders-sub).")
	_, err = client.topics.ListTopicSubscriptions(t.Context(), &pb.ListTopicSubscriptionsRequest{Topic: topicA})
	wantError(t, err, codes.NotFound, "Resource not found (resource=orders).")
	must[*pb.Topic](t)(client.topics.CreateTopic(t.Context(), &pb.Topic{Name: topicA}))
	_, err = client.topics.CreateTopic(t.Context(), &pb.Topic{Name: topicA})
	wantError(t, err, codes.AlreadyExists, "Resource already exists in the project (resource=orders).")
	_, err = client.topics.CreateTopic(t.Context(), &pb.Topic{Name: "projects/other/topics/orders"})
	wantError(t, err, codes.NotFound, "Requested project not found or user does not have access to it (project=other).")
}

func TestUpdateTopic(t *testing.T) {
	client := start(t).plainClients(t)
	must[*pb.Topic](t)(client.topics.CreateTopic(t.Context(), &pb.Topic{Name: topicA, Labels: map[string]string{"env": "test"}}))
	update := &pb.Topic{
		Name:                     topicA,
		Labels:                   map[string]string{"team": "data"},
		KmsKeyName:               "projects/p/locations/l/keyRings/r/cryptoKeys/k",
		MessageRetentionDuration: durationpb.New(24 * time.Hour),
		MessageStoragePolicy:     &pb.MessageStoragePolicy{AllowedPersistenceRegions: []string{"europe-west1"}, EnforceInTransit: true},
	}
	must[*pb.Topic](t)(client.topics.UpdateTopic(t.Context(), &pb.UpdateTopicRequest{
		Topic: update, UpdateMask: mask("labels", "kms_key_name", "message_storage_policy.allowed_persistence_regions"),
	}))
	got := must[*pb.Topic](t)(client.topics.GetTopic(t.Context(), &pb.GetTopicRequest{Topic: topicA}))
	if len(got.Labels) != 1 || got.Labels["team"] != "data" || got.KmsKeyName != update.KmsKeyName {
		t.Errorf("labels or key not updated: %v", got)
	}
	if got.MessageStoragePolicy.EnforceInTransit || got.MessageStoragePolicy.AllowedPersistenceRegions[0] != "europe-west1" {
		t.Errorf("storage policy: only the named path is to change: %v", got.MessageStoragePolicy)
	}
	if got.MessageRetentionDuration != nil {
		t.Errorf("retention was not in the mask: %v", got.MessageRetentionDuration)
	}
	must[*pb.Topic](t)(client.topics.UpdateTopic(t.Context(), &pb.UpdateTopicRequest{
		Topic: &pb.Topic{Name: topicA}, UpdateMask: mask("message_storage_policy", "labels"),
	}))
	got = must[*pb.Topic](t)(client.topics.GetTopic(t.Context(), &pb.GetTopicRequest{Topic: topicA}))
	if got.MessageStoragePolicy != nil || got.Labels != nil {
		t.Errorf("a path without a value clears the field: %v", got)
	}
}

func TestRefusedTopicUpdatesChangeNothing(t *testing.T) {
	client := start(t).plainClients(t)
	must[*pb.Topic](t)(client.topics.CreateTopic(t.Context(), &pb.Topic{Name: topicA}))
	for _, one := range []struct {
		topic *pb.Topic
		mask  *fieldmaskpb.FieldMask
		text  string
	}{
		{&pb.Topic{Labels: map[string]string{"a": "b"}}, nil, "The update_mask in the UpdateTopicRequest must be set, and must contain a non-empty"},
		{&pb.Topic{}, mask("colour"), "Invalid update_mask provided in the UpdateTopicRequest: 'colour' is not a known Topic field."},
		{&pb.Topic{}, mask("name"), "the 'name' field in the Topic is not mutable."},
		{&pb.Topic{Labels: map[string]string{"a": "b"}, MessageRetentionDuration: durationpb.New(time.Minute)},
			mask("labels", "message_retention_duration"), "You passed 1m in the request, but the value must be between 10m and 744h."},
		{&pb.Topic{Labels: map[string]string{"Upper": "x"}}, mask("labels"), `key "Upper" does not conform to regular expression`},
	} {
		one.topic.Name = topicA
		_, err := client.topics.UpdateTopic(t.Context(), &pb.UpdateTopicRequest{Topic: one.topic, UpdateMask: one.mask})
		wantError(t, err, codes.InvalidArgument, one.text)
	}
	got := must[*pb.Topic](t)(client.topics.GetTopic(t.Context(), &pb.GetTopicRequest{Topic: topicA}))
	if got.Labels != nil {
		t.Errorf("a refused update changed the labels: %v", got.Labels)
	}
}

func TestSubscriptionDefaultsAndBounds(t *testing.T) {
	client := start(t).plainClients(t)
	must[*pb.Topic](t)(client.topics.CreateTopic(t.Context(), &pb.Topic{Name: topicA}))
	must[*pb.Subscription](t)(client.subscriptions.CreateSubscription(t.Context(), &pb.Subscription{Name: subA, Topic: topicA}))
	got := must[*pb.Subscription](t)(client.subscriptions.GetSubscription(t.Context(), &pb.GetSubscriptionRequest{Subscription: subA}))
	if got.AckDeadlineSeconds != 10 || got.MessageRetentionDuration.Seconds != 604800 || got.ExpirationPolicy.Ttl.Seconds != 2678400 ||
		got.State != pb.Subscription_ACTIVE || got.PushConfig == nil {
		t.Errorf("defaults: %v", got)
	}
	never := must[*pb.Subscription](t)(client.subscriptions.CreateSubscription(t.Context(), &pb.Subscription{
		Name: subA + "-2", Topic: topicA, ExpirationPolicy: &pb.ExpirationPolicy{}, MessageRetentionDuration: durationpb.New(maxRetention),
	}))
	if never.ExpirationPolicy.Ttl != nil || never.MessageRetentionDuration.AsDuration() != maxRetention {
		t.Errorf("never expires, 31 days: %v", never)
	}
	for text, bad := range map[string]*pb.Subscription{
		"The value for ack_deadline_seconds is too small. You passed 9":          {AckDeadlineSeconds: 9},
		"The value for ack_deadline_seconds is too large. You passed 601":        {AckDeadlineSeconds: 601},
		"You passed 9m59s in the request":                                        {MessageRetentionDuration: durationpb.New(599 * time.Second)},
		"You passed 1h in the request, but the minimum value is 24h.":            {ExpirationPolicy: &pb.ExpirationPolicy{Ttl: durationpb.New(time.Hour)}},
		"Invalid resource name given (name=projects/demo-project/subscriptions/": {Name: project + "/subscriptions/x"},
	} {
		if bad.Name == "" {
			bad.Name = subA + "-3"
		}
		bad.Topic = topicA
		_, err := client.subscriptions.CreateSubscription(t.Context(), bad)
		wantError(t, err, codes.InvalidArgument, text)
	}
}

func TestUpdateSubscription(t *testing.T) {
	client := start(t).plainClients(t)
	must[*pb.Topic](t)(client.topics.CreateTopic(t.Context(), &pb.Topic{Name: topicA}))
	must[*pb.Subscription](t)(client.subscriptions.CreateSubscription(t.Context(), &pb.Subscription{Name: subA, Topic: topicA}))
	must[*pb.Subscription](t)(client.subscriptions.UpdateSubscription(t.Context(), &pb.UpdateSubscriptionRequest{
		Subscription: &pb.Subscription{
			Name: subA, Labels: map[string]string{"a": "b"}, AckDeadlineSeconds: 60, MessageRetentionDuration: durationpb.New(maxRetention),
			ExpirationPolicy: &pb.ExpirationPolicy{},
		},
		UpdateMask: mask("labels", "message_retention_duration", "expiration_policy"),
	}))
	got := must[*pb.Subscription](t)(client.subscriptions.GetSubscription(t.Context(), &pb.GetSubscriptionRequest{Subscription: subA}))
	if got.Labels["a"] != "b" || got.MessageRetentionDuration.AsDuration() != maxRetention || got.ExpirationPolicy.Ttl != nil {
		t.Errorf("not updated: %v", got)
	}
	if got.AckDeadlineSeconds != 10 {
		t.Errorf("the acknowledgement deadline was not in the mask: %v", got.AckDeadlineSeconds)
	}
	for _, field := range []string{"topic", "filter", "enable_message_ordering"} {
		_, err := client.subscriptions.UpdateSubscription(t.Context(), &pb.UpdateSubscriptionRequest{
			Subscription: &pb.Subscription{Name: subA, Topic: topicA, Filter: "attributes:x", EnableMessageOrdering: true}, UpdateMask: mask(field),
		})
		wantError(t, err, codes.InvalidArgument, "the '"+field+"' field in the Subscription is not mutable.")
	}
}

func TestSubscriptionOutlivesItsTopic(t *testing.T) {
	client := start(t).plainClients(t)
	must[*pb.Topic](t)(client.topics.CreateTopic(t.Context(), &pb.Topic{Name: topicA}))
	must[*pb.Subscription](t)(client.subscriptions.CreateSubscription(t.Context(), &pb.Subscription{Name: subA, Topic: topicA}))
	if _, err := client.topics.DeleteTopic(t.Context(), &pb.DeleteTopicRequest{Topic: topicA}); err != nil {
		t.Fatal(err)
	}
	got := must[*pb.Subscription](t)(client.subscriptions.GetSubscription(t.Context(), &pb.GetSubscriptionRequest{Subscription: subA}))
	if got.Topic != "_deleted-topic_" {
		t.Errorf("topic is %q", got.Topic)
	}
	must[*pb.Topic](t)(client.topics.CreateTopic(t.Context(), &pb.Topic{Name: topicA}))
	listed := must[*pb.ListTopicSubscriptionsResponse](t)(
		client.topics.ListTopicSubscriptions(t.Context(), &pb.ListTopicSubscriptionsRequest{Topic: topicA}))
	if len(listed.Subscriptions) != 0 {
		t.Errorf("a new topic has the old one's subscriptions: %v", listed.Subscriptions)
	}
}

func TestPublishLimits(t *testing.T) {
	client := start(t).plainClients(t)
	must[*pb.Topic](t)(client.topics.CreateTopic(t.Context(), &pb.Topic{Name: topicA}))
	data := []byte("x")
	many := map[string]string{}
	for index := range 101 {
		many[fmt.Sprint("key", index)] = "value"
	}
	for text, messages := range map[string][]*pb.PubsubMessage{
		"must contain at least one message":                                          {},
		"One or more messages in the publish request is empty":                       {{Data: data}, {OrderingKey: "k"}},
		"The value for ordering_key_size is too large. You passed 1025":              {{Data: data, OrderingKey: strings.Repeat("k", 1025)}},
		"The value for attribute_key_size is too large. You passed 257":              {{Attributes: map[string]string{strings.Repeat("k", 257): ""}}},
		"The value for attribute_value_size is too large. You passed 1025":           {{Attributes: map[string]string{"k": strings.Repeat("v", 1025)}}},
		"The value for attribute_count is too large. You passed 101":                 {{Attributes: many}},
		"The value for request_size is too large. You passed 10000":                  {{Data: make([]byte, 10_000_000)}},
		"The value for message_count is too large. You passed 1001 in the request, ": make([]*pb.PubsubMessage, 1001),
	} {
		for index := range messages {
			if messages[index] == nil {
				messages[index] = &pb.PubsubMessage{Data: data}
			}
		}
		_, err := client.topics.Publish(t.Context(), &pb.PublishRequest{Topic: topicA, Messages: messages})
		wantError(t, err, codes.InvalidArgument, text)
	}
	must[*pb.PublishResponse](t)(client.topics.Publish(t.Context(), &pb.PublishRequest{Topic: topicA, Messages: []*pb.PubsubMessage{
		{Data: make([]byte, 9_990_000), OrderingKey: strings.Repeat("k", 1024), Attributes: map[string]string{"k": strings.Repeat("v", 1024)}},
	}}))
}

func TestSeekDropsMessagesButBringsNoneBack(t *testing.T) {
	client := start(t).plainClients(t)
	must[*pb.Topic](t)(client.topics.CreateTopic(t.Context(), &pb.Topic{Name: topicA}))
	must[*pb.Subscription](t)(client.subscriptions.CreateSubscription(t.Context(), &pb.Subscription{Name: subA, Topic: topicA}))
	seek := func(to time.Time) error {
		_, err := client.subscriptions.Seek(t.Context(), &pb.SeekRequest{
			Subscription: subA, Target: &pb.SeekRequest_Time{Time: timestamppb.New(to)},
		})
		return err
	}
	before := time.Now()
	if err := publishOne(t, client, ""); err != nil {
		t.Fatal(err)
	}
	wantError(t, seek(before), codes.Unimplemented, "cannot seek to a time before the last published message")
	if err := seek(time.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	pulled := must[*pb.PullResponse](t)(client.subscriptions.Pull(t.Context(), &pb.PullRequest{Subscription: subA, MaxMessages: 1}))
	if len(pulled.ReceivedMessages) != 0 {
		t.Errorf("still there: %v", pulled.ReceivedMessages)
	}
}

// Only `go test -race` can see this fail.
func TestReadersDuringUpdates(t *testing.T) {
	client := start(t).plainClients(t)
	must[*pb.Topic](t)(client.topics.CreateTopic(t.Context(), &pb.Topic{Name: topicA}))
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for range 50 {
				if _, err := client.topics.GetTopic(t.Context(), &pb.GetTopicRequest{Topic: topicA}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for number := range 50 {
		must[*pb.Topic](t)(client.topics.UpdateTopic(t.Context(), &pb.UpdateTopicRequest{
			Topic: &pb.Topic{Name: topicA, Labels: map[string]string{"number": fmt.Sprint(number)}}, UpdateMask: mask("labels"),
		}))
	}
	readers.Wait()
}
