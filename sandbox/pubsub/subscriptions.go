// Subscriptions: names, bounds, defaults and updates as the real service has them.

package main

import (
	"context"
	"slices"
	"strings"
	"time"

	pb "cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// What the real service fills in on a subscription.
const (
	defaultAckSeconds            = 10
	defaultSubscriptionRetention = 7 * 24 * time.Hour
	defaultExpiration            = 31 * 24 * time.Hour
)

var immutableSubscriptionFields = map[string]bool{
	"name": true, "topic": true, "filter": true, "enable_message_ordering": true, "tags": true, "state": true, "detached": true,
	"topic_message_retention_duration": true, "analytics_hub_subscription_info": true,
}

// fillSubscription sets what the user left out.
func fillSubscription(subscription *pb.Subscription) {
	if subscription.AckDeadlineSeconds == 0 {
		subscription.AckDeadlineSeconds = defaultAckSeconds
	}
	if subscription.MessageRetentionDuration == nil {
		subscription.MessageRetentionDuration = durationpb.New(defaultSubscriptionRetention)
	}
	if subscription.ExpirationPolicy == nil {
		subscription.ExpirationPolicy = &pb.ExpirationPolicy{Ttl: durationpb.New(defaultExpiration)}
	}
	if subscription.PushConfig == nil {
		subscription.PushConfig = &pb.PushConfig{}
	}
}

func checkSubscription(subscription *pb.Subscription) error {
	if err := checkLabels(subscription.Labels); err != nil {
		return err
	}
	if err := checkAckDeadline(subscription.AckDeadlineSeconds); err != nil {
		return err
	}
	if err := checkRetention(subscription.MessageRetentionDuration); err != nil {
		return err
	}
	return checkExpiration(subscription.ExpirationPolicy)
}

// CreateSubscription makes a subscription.
func (s *service) CreateSubscription(ctx context.Context, subscription *pb.Subscription) (*pb.Subscription, error) {
	if err := checkNewName(subscription.Name, "subscriptions"); err != nil {
		return nil, err
	}
	fillSubscription(subscription)
	if err := checkSubscription(subscription); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	subscription.Tags = nil // input only
	return copyOf(s.addSubscription(ctx, subscription))
}

// addSubscription gives a complete subscription to pstest; the answer is pstest's state.  The caller holds mu.
func (s *service) addSubscription(ctx context.Context, subscription *pb.Subscription) (*pb.Subscription, error) {
	if proto.Size(subscription.PushConfig) == 0 {
		subscription.PushConfig = nil // pstest answers {} to none, as the service does, and puts a wrapper into an empty one
	}
	// pstest knows retention up to 7 days, the service up to 31: pstest gets its default, and the answer, which is its state, ours.
	retention := subscription.MessageRetentionDuration
	subscription.MessageRetentionDuration = nil
	made, err := s.GServer.CreateSubscription(ctx, subscription)
	if err != nil {
		return nil, err
	}
	made.MessageRetentionDuration = retention
	return made, nil
}

// UpdateSubscription changes the fields that the mask names, or none of them.
func (s *service) UpdateSubscription(ctx context.Context, request *pb.UpdateSubscriptionRequest) (*pb.Subscription, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	current, err := s.GServer.GetSubscription(ctx, &pb.GetSubscriptionRequest{Subscription: request.GetSubscription().GetName()})
	if err != nil {
		return nil, err
	}
	wanted := proto.CloneOf(current)
	if err := applyMask(wanted, request.Subscription, request.UpdateMask, immutableSubscriptionFields); err != nil {
		return nil, err
	}
	fillSubscription(wanted)
	if err := checkSubscription(wanted); err != nil {
		return nil, err
	}
	if topic := wanted.GetDeadLetterPolicy().GetDeadLetterTopic(); topic != "" && !s.exists(ctx, topic) {
		return nil, notFound(topic)
	}
	// pstest reads some fields while it delivers, so it has to change them itself.  It knows whole fields only.
	var paths []string
	for _, path := range request.UpdateMask.Paths {
		first, _, _ := strings.Cut(path, ".")
		if first != "message_retention_duration" && !slices.Contains(paths, first) {
			paths = append(paths, first)
		}
	}
	updated, err := s.GServer.UpdateSubscription(ctx, &pb.UpdateSubscriptionRequest{
		Subscription: wanted, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths},
	})
	if err != nil {
		return nil, err
	}
	updated.MessageRetentionDuration = wanted.MessageRetentionDuration
	return proto.CloneOf(updated), nil
}

// ModifyPushConfig is UpdateSubscription's older twin; pstest has none.
func (s *service) ModifyPushConfig(ctx context.Context, request *pb.ModifyPushConfigRequest) (*emptypb.Empty, error) {
	_, err := s.UpdateSubscription(ctx, &pb.UpdateSubscriptionRequest{
		Subscription: &pb.Subscription{Name: request.Subscription, PushConfig: request.PushConfig},
		UpdateMask:   &fieldmaskpb.FieldMask{Paths: []string{"push_config"}},
	})
	return &emptypb.Empty{}, err
}

// GetSubscription reads a subscription.
func (s *service) GetSubscription(ctx context.Context, request *pb.GetSubscriptionRequest) (*pb.Subscription, error) {
	return read(s, ctx, request, s.GServer.GetSubscription)
}

// ListSubscriptions reads the subscriptions of a project.
func (s *service) ListSubscriptions(
	ctx context.Context, request *pb.ListSubscriptionsRequest,
) (*pb.ListSubscriptionsResponse, error) {
	return read(s, ctx, request, s.GServer.ListSubscriptions)
}

// DetachSubscription takes a subscription from its topic; pstest forgets to say so in the subscription.
func (s *service) DetachSubscription(
	ctx context.Context, request *pb.DetachSubscriptionRequest,
) (*pb.DetachSubscriptionResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	answer, err := s.GServer.DetachSubscription(ctx, request)
	if err != nil {
		return nil, err
	}
	detached, err := s.GServer.GetSubscription(ctx, &pb.GetSubscriptionRequest{Subscription: request.Subscription})
	if err != nil {
		return nil, err
	}
	detached.Detached = true
	return answer, nil
}

// Seek drops the messages from before a time.  It refuses to bring messages back: pstest keeps none of their contents, and crashes
// when it delivers them.
func (s *service) Seek(ctx context.Context, request *pb.SeekRequest) (*pb.SeekResponse, error) {
	s.mu.Lock() // nobody publishes meanwhile
	defer s.mu.Unlock()
	if target := request.GetTime(); target != nil {
		for _, message := range s.fake.Messages() {
			if !message.PublishTime.Before(target.AsTime()) {
				return nil, status.Error(codes.Unimplemented, "The sandbox cannot seek to a time before the last published message.")
			}
		}
	}
	return s.GServer.Seek(ctx, request)
}

// DeleteSubscription deletes a subscription and its IAM policy.
func (s *service) DeleteSubscription(ctx context.Context, request *pb.DeleteSubscriptionRequest) (*emptypb.Empty, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	answer, err := s.GServer.DeleteSubscription(ctx, request)
	if err == nil {
		s.policies.forget(request.Subscription)
	}
	return answer, err
}
