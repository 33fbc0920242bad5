// What outlives a restart of the server: topics, subscriptions and their policies, in one file.  Messages and schemas do not.

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"cloud.google.com/go/iam/apiv1/iampb"
	pb "cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// keptChanges are the RPCs after which the file is written.
var keptChanges = map[string]bool{
	"/google.pubsub.v1.Publisher/CreateTopic":         true,
	"/google.pubsub.v1.Publisher/UpdateTopic":         true,
	"/google.pubsub.v1.Publisher/DeleteTopic":         true,
	"/google.pubsub.v1.Publisher/DetachSubscription":  true,
	"/google.pubsub.v1.Subscriber/CreateSubscription": true,
	"/google.pubsub.v1.Subscriber/UpdateSubscription": true,
	"/google.pubsub.v1.Subscriber/ModifyPushConfig":   true,
	"/google.pubsub.v1.Subscriber/DeleteSubscription": true,
	"/google.iam.v1.IAMPolicy/SetIamPolicy":           true,
}

// deletedTopic is what a subscription names as its topic once that is deleted.
const deletedTopic = "_deleted-topic_"

// kept is the file's content; each resource is protobuf's JSON.
type kept struct {
	Topics        []json.RawMessage     `json:"topics"`
	Subscriptions []json.RawMessage     `json:"subscriptions"`
	Policies      map[string]keptPolicy `json:"policies"` // by the name of their resource
}

type keptPolicy struct {
	Policy   json.RawMessage `json:"policy"`
	Accounts accountIDs      `json:"accounts"`
}

// keeper writes and reads the file.
type keeper struct {
	path    string // "": nothing is kept
	service *service
	mu      sync.Mutex // one write at a time, so that the last one has everything
}

// keep writes the file if the RPC is one that changes what is in it.  The change is answered only when it is written.
func (k *keeper) keep(ctx context.Context, method string) error {
	if k.path == "" || !keptChanges[method] {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	content, err := k.collect(ctx)
	if err != nil {
		return err
	}
	temporary := k.path + ".new"
	if err := os.WriteFile(temporary, content, 0o600); err != nil {
		return status.Errorf(codes.Internal, "The sandbox cannot write down what changed: %v", err)
	}
	if err := os.Rename(temporary, k.path); err != nil {
		return status.Errorf(codes.Internal, "The sandbox cannot write down what changed: %v", err)
	}
	return nil
}

func (k *keeper) collect(ctx context.Context) ([]byte, error) {
	content := kept{Policies: map[string]keptPolicy{}}
	k.service.mu.RLock()
	defer k.service.mu.RUnlock()
	topics, err := k.service.GServer.ListTopics(ctx, &pb.ListTopicsRequest{})
	if err != nil {
		return nil, err
	}
	for _, topic := range topics.Topics {
		content.Topics = append(content.Topics, encode(topic))
	}
	subscriptions, err := k.service.GServer.ListSubscriptions(ctx, &pb.ListSubscriptionsRequest{})
	if err != nil {
		return nil, err
	}
	for _, subscription := range subscriptions.Subscriptions {
		content.Subscriptions = append(content.Subscriptions, encode(subscription))
	}
	k.service.policies.each(func(name string, policy *iampb.Policy, ids accountIDs) {
		content.Policies[name] = keptPolicy{encode(policy), ids}
	})
	return json.MarshalIndent(content, "", " ")
}

// restore makes what the file has.  Nobody may be served yet.
func (k *keeper) restore(ctx context.Context) error {
	if k.path == "" {
		return nil
	}
	content, err := os.ReadFile(k.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var found kept
	if err := json.Unmarshal(content, &found); err != nil {
		return fmt.Errorf("%s: %w", k.path, err)
	}
	if err := k.restoreTopics(ctx, found.Topics); err != nil {
		return fmt.Errorf("%s: %w", k.path, err)
	}
	if err := k.restoreSubscriptions(ctx, found.Subscriptions); err != nil {
		return fmt.Errorf("%s: %w", k.path, err)
	}
	for name, each := range found.Policies {
		policy := &iampb.Policy{}
		if err := protojson.Unmarshal(each.Policy, policy); err != nil {
			return fmt.Errorf("%s: policy of %s: %w", k.path, name, err)
		}
		k.service.policies.put(name, policy, each.Accounts)
	}
	return nil
}

func (k *keeper) restoreTopics(ctx context.Context, encoded []json.RawMessage) error {
	for _, each := range encoded {
		topic := &pb.Topic{}
		if err := protojson.Unmarshal(each, topic); err != nil {
			return err
		}
		if _, err := k.service.GServer.CreateTopic(ctx, topic); err != nil {
			return err
		}
	}
	return nil
}

// restoreSubscriptions makes subscriptions, among them those without a topic: they get one that is deleted at the end.
func (k *keeper) restoreSubscriptions(ctx context.Context, encoded []json.RawMessage) error {
	if _, err := k.service.GServer.CreateTopic(ctx, &pb.Topic{Name: deletedTopic}); err != nil {
		return err
	}
	topics := map[*pb.Subscription]string{}
	for _, each := range encoded {
		subscription := &pb.Subscription{}
		if err := protojson.Unmarshal(each, subscription); err != nil {
			return err
		}
		topic, detached := subscription.Topic, subscription.Detached
		if !k.service.exists(ctx, topic) {
			subscription.Topic = deletedTopic
		}
		made, err := k.service.addSubscription(ctx, subscription)
		if err != nil {
			return err
		}
		if detached {
			request := &pb.DetachSubscriptionRequest{Subscription: made.Name}
			if _, err := k.service.GServer.DetachSubscription(ctx, request); err != nil {
				return err
			}
		}
		topics[made] = topic
	}
	if _, err := k.service.GServer.DeleteTopic(ctx, &pb.DeleteTopicRequest{Topic: deletedTopic}); err != nil {
		return err
	}
	for subscription, topic := range topics {
		subscription.Topic = topic
	}
	return nil
}

func encode(message proto.Message) json.RawMessage {
	content, err := protojson.Marshal(message)
	if err != nil {
		panic(err) // only a string that is not UTF-8, which no request can have
	}
	return content
}
