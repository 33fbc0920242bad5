// An endpoint: one address where the service is reached, over gRPC and REST, with its interceptors.

package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"cloud.google.com/go/iam/apiv1/iampb"
	pb "cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip" // publishers may compress
	"google.golang.org/grpc/keepalive"
	"google.golang.org/protobuf/proto"
)

// maxRequestBytes lets requests above the service's 10 MB in, so that they are refused in the service's own words.
const maxRequestBytes = 32 << 20

// endpoint serves both protocols on one listener.
type endpoint struct {
	name     string
	gate     *gate // nil: everybody may do everything
	projects map[string]bool
	requests *requestLog
	faults   *faults
	keeper   *keeper

	rpc  *grpc.Server
	rest *http.Server
}

// newEndpoint registers the services.
//
// control: handlers of paths outside Pub/Sub's API, by path; nil for none.
func newEndpoint(
	name string, projects map[string]bool, requests *requestLog, gate *gate, service *service, iam *iam, control map[string]http.Handler,
) (*endpoint, error) {
	d := &endpoint{name: name, gate: gate, projects: projects, requests: requests, faults: service.faults, keeper: service.keeper}
	d.rpc = grpc.NewServer(
		grpc.UnaryInterceptor(d.unary),
		grpc.StreamInterceptor(d.stream),
		grpc.MaxRecvMsgSize(maxRequestBytes),
		grpc.MaxSendMsgSize(maxRequestBytes),
		// Google's clients ping more often than grpc-go allows by default.
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
	)
	pb.RegisterPublisherServer(d.rpc, service)
	pb.RegisterSubscriberServer(d.rpc, service)
	pb.RegisterSchemaServiceServer(d.rpc, service)
	iampb.RegisterIAMPolicyServer(d.rpc, iam)

	transcoder, err := newTranscoder(d.unary, service, iam)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", transcoder)
	for path, handler := range control {
		mux.Handle(path, handler)
	}
	d.rest = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	return d, nil
}

// serve answers on a listener until stop is called.
func (d *endpoint) serve(split *splitListener) error {
	failed := make(chan error, 2)
	go func() { failed <- d.rpc.Serve(split.http2) }()
	go func() { failed <- d.rest.Serve(split.http1) }()
	go split.run()
	err := <-failed
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, grpc.ErrServerStopped) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// stop lets running calls end, up to the deadline of ctx, then cuts them off.
func (d *endpoint) stop(ctx context.Context) {
	done := make(chan struct{})
	go func() {
		d.rpc.GracefulStop()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		d.rpc.Stop()
	}
	if err := d.rest.Shutdown(ctx); err != nil {
		d.rest.Close()
	}
}

// admit looks at the names in a request, at the project, and on the TLS endpoint at the caller.
func (d *endpoint) admit(ctx context.Context, method string, request any) (resource, member string, err error) {
	accesses, err := accessesOf(method, request.(proto.Message))
	if err != nil {
		return "", "", err
	}
	resource = stringField(request.(proto.Message), needs[method][0].field)
	if d.gate != nil {
		member, err = d.gate.admit(ctx, accesses, func(project string) bool { return d.projects[project] })
		return resource, member, err
	}
	for _, wanted := range accesses {
		if project, _, _ := splitName(wanted.resource); !d.projects[project] {
			return resource, "", projectNotFound(project)
		}
	}
	return resource, "", nil
}

func (d *endpoint) mark(ctx context.Context) context.Context {
	if d.gate == nil {
		return ctx
	}
	return context.WithValue(ctx, verifiedEndpoint{}, true)
}

// unary is the interceptor of all calls but StreamingPull; REST calls pass it, too.
func (d *endpoint) unary(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	ctx = d.mark(ctx)
	resource, member, err := d.admit(ctx, info.FullMethod, request)
	var answer any
	if err == nil {
		answer, err = d.faults.run(ctx, info.FullMethod, resource, func(ctx context.Context) (any, error) {
			answer, err := handler(ctx, request)
			if err == nil {
				err = d.keeper.keep(ctx, info.FullMethod)
			}
			return answer, err
		})
		err = realError(err)
	}
	d.requests.add(d.name, info.FullMethod, resource, member, err)
	return answer, err
}

// stream is the interceptor of StreamingPull: the first message of a stream names its subscription.
func (d *endpoint) stream(server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	admitted := &admittedStream{ServerStream: stream, endpoint: d, method: info.FullMethod}
	err := realError(handler(server, admitted))
	d.requests.add(d.name, info.FullMethod, admitted.resource, admitted.member, err)
	return err
}

type admittedStream struct {
	grpc.ServerStream
	endpoint         *endpoint
	method           string
	admitted         bool
	resource, member string
}

// RecvMsg lets the first message through the gate; the following ones belong to the same caller and subscription.
func (s *admittedStream) RecvMsg(message any) error {
	if err := s.ServerStream.RecvMsg(message); err != nil || s.admitted {
		return err
	}
	s.admitted = true
	var err error
	s.resource, s.member, err = s.endpoint.admit(s.endpoint.mark(s.Context()), s.method, message)
	if err == nil {
		err = s.endpoint.faults.before(s.method, s.resource)
	}
	return err
}
