// The Pub/Sub service: Google's in-memory server with the rules of the real one around it.

package main

import (
	"context"
	"fmt"
	"sync"

	pb "cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/pubsub/v2/pstest"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
)

// service answers the Publisher, Subscriber and SchemaService RPCs.  What it does not define itself is pstest's.
type service struct {
	*pstest.GServer
	fake     *pstest.Server
	policies *policies
	faults   *faults
	keeper   *keeper

	// mu guards topics and subscriptions as a whole.  pstest hands out pointers to its own state and changes it later under a lock
	// of its own; so whoever changes it through this type holds mu, and whoever reads it takes a copy under mu.
	mu sync.RWMutex
}

// newService makes the service.  keep: see keeper.path.
func newService(keep string) (*service, error) {
	fake := pstest.NewServer()
	// pstest listens on a port of its own, where none of our checks would run.  Only its state is wanted.  It may log that its
	// "server has been stopped".
	if err := fake.Close(); err != nil {
		return nil, fmt.Errorf("close pstest's own port: %w", err)
	}
	made := &service{GServer: &fake.GServer, fake: fake, policies: newPolicies(), faults: newFaults()}
	made.keeper = &keeper{path: keep, service: made}
	return made, nil
}

// Publish checks the limits of a request, then hands it to pstest.
func (s *service) Publish(ctx context.Context, request *pb.PublishRequest) (*pb.PublishResponse, error) {
	if err := checkPublish(request); err != nil {
		return nil, err
	}
	s.mu.RLock() // against Seek
	defer s.mu.RUnlock()
	return s.GServer.Publish(ctx, request)
}

// DeleteSchema deletes a schema and its IAM policy.
func (s *service) DeleteSchema(ctx context.Context, request *pb.DeleteSchemaRequest) (*emptypb.Empty, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	answer, err := s.GServer.DeleteSchema(ctx, request)
	if err == nil {
		s.policies.forget(request.Name)
	}
	return answer, err
}

// read runs a reading RPC of pstest and copies its answer while nobody changes it.
func read[Request, Answer proto.Message](
	s *service, ctx context.Context, request Request, rpc func(context.Context, Request) (Answer, error),
) (Answer, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return copyOf(rpc(ctx, request))
}

func copyOf[Answer proto.Message](answer Answer, err error) (Answer, error) {
	if err != nil {
		return answer, err
	}
	return proto.CloneOf(answer), nil
}

// exists tells whether there is such a topic, subscription or schema.  The caller holds mu.
func (s *service) exists(ctx context.Context, name string) bool {
	var err error
	switch _, kind, _ := splitName(name); kind {
	case "topics":
		_, err = s.GServer.GetTopic(ctx, &pb.GetTopicRequest{Topic: name})
	case "subscriptions":
		_, err = s.GServer.GetSubscription(ctx, &pb.GetSubscriptionRequest{Subscription: name})
	case "schemas":
		_, err = s.GServer.GetSchema(ctx, &pb.GetSchemaRequest{Name: name})
	default:
		return false
	}
	return err == nil
}
