// Topics: names, bounds and updates as the real service has them.

package main

import (
	"context"

	pb "cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
)

var immutableTopicFields = map[string]bool{"name": true, "tags": true, "state": true, "satisfies_pzs": true}

func checkTopic(topic *pb.Topic) error {
	if err := checkLabels(topic.Labels); err != nil {
		return err
	}
	return checkRetention(topic.MessageRetentionDuration)
}

// CreateTopic makes a topic.
func (s *service) CreateTopic(ctx context.Context, topic *pb.Topic) (*pb.Topic, error) {
	if err := checkNewName(topic.Name, "topics"); err != nil {
		return nil, err
	}
	if err := checkTopic(topic); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	topic.Tags = nil // input only
	return copyOf(s.GServer.CreateTopic(ctx, topic))
}

// UpdateTopic changes the fields that the mask names, or none of them.
func (s *service) UpdateTopic(ctx context.Context, request *pb.UpdateTopicRequest) (*pb.Topic, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	topic, err := s.GServer.GetTopic(ctx, &pb.GetTopicRequest{Topic: request.GetTopic().GetName()})
	if err != nil {
		return nil, err
	}
	wanted := proto.CloneOf(topic)
	if err := applyMask(wanted, request.Topic, request.UpdateMask, immutableTopicFields); err != nil {
		return nil, err
	}
	if err := checkTopic(wanted); err != nil {
		return nil, err
	}
	// pstest's own UpdateTopic knows only some of the mask's paths; the topic that it hands out is its state.
	proto.Reset(topic)
	proto.Merge(topic, wanted)
	return wanted, nil
}

// GetTopic reads a topic.
func (s *service) GetTopic(ctx context.Context, request *pb.GetTopicRequest) (*pb.Topic, error) {
	return read(s, ctx, request, s.GServer.GetTopic)
}

// ListTopics reads the topics of a project.
func (s *service) ListTopics(ctx context.Context, request *pb.ListTopicsRequest) (*pb.ListTopicsResponse, error) {
	return read(s, ctx, request, s.GServer.ListTopics)
}

// ListTopicSubscriptions names a topic's subscriptions: not those of an earlier topic of the same name, which pstest lists as well.
func (s *service) ListTopicSubscriptions(
	ctx context.Context, request *pb.ListTopicSubscriptionsRequest,
) (*pb.ListTopicSubscriptionsResponse, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if !s.exists(ctx, request.Topic) {
		return nil, notFound(request.Topic)
	}
	answer, err := s.GServer.ListTopicSubscriptions(ctx, request)
	if err != nil {
		return nil, err
	}
	attached := &pb.ListTopicSubscriptionsResponse{NextPageToken: answer.NextPageToken}
	for _, name := range answer.Subscriptions {
		subscription, err := s.GServer.GetSubscription(ctx, &pb.GetSubscriptionRequest{Subscription: name})
		if err != nil {
			return nil, err
		}
		if subscription.Topic == request.Topic {
			attached.Subscriptions = append(attached.Subscriptions, name)
		}
	}
	return attached, nil
}

// DeleteTopic deletes a topic and its IAM policy.
func (s *service) DeleteTopic(ctx context.Context, request *pb.DeleteTopicRequest) (*emptypb.Empty, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	answer, err := s.GServer.DeleteTopic(ctx, request)
	if err == nil {
		s.policies.forget(request.Topic)
	}
	return answer, err
}
