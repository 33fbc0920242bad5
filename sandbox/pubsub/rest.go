// REST: each HTTP request is turned into the RPC that the API's google.api.http annotations name, and runs through the same
// interceptor and the same service.

package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"cloud.google.com/go/iam/apiv1/iampb"
	pb "cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/grpc-ecosystem/grpc-gateway/v2/utilities"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// The rules of IAM methods: Google's service configuration has them, the proto files do not.
var iamRules = []struct{ verb, path, method string }{
	{http.MethodGet, "/v1/{resource=projects/*/%s/*}:getIamPolicy", "GetIamPolicy"},
	{http.MethodPost, "/v1/{resource=projects/*/%s/*}:setIamPolicy", "SetIamPolicy"},
	{http.MethodPost, "/v1/{resource=projects/*/%s/*}:testIamPermissions", "TestIamPermissions"},
}

// A route is one HTTP rule of one RPC.
type route struct {
	handler     grpc.MethodHandler
	service     any
	interceptor grpc.UnaryServerInterceptor
	input       protoreflect.MessageType
	body        string // "*": the body is the request; a field's name: the body is that field; "": there is no body
}

// newTranscoder makes the handler of all REST paths.
func newTranscoder(interceptor grpc.UnaryServerInterceptor, service *service, iam *iam) (http.Handler, error) {
	mux := runtime.NewServeMux(runtime.WithRoutingErrorHandler(
		func(_ context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, writer http.ResponseWriter, request *http.Request, code int) {
			writeError(writer, code, status.New(codes.NotFound, fmt.Sprintf("The requested URL %s was not found on this server.", request.URL.Path)))
		}))
	for _, registered := range []struct {
		description *grpc.ServiceDesc
		service     any
	}{
		{&pb.Publisher_ServiceDesc, service},
		{&pb.Subscriber_ServiceDesc, service},
		{&pb.SchemaService_ServiceDesc, service},
		{&iampb.IAMPolicy_ServiceDesc, iam},
	} {
		for _, method := range registered.description.Methods {
			name := registered.description.ServiceName + "." + method.MethodName
			found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name))
			if err != nil {
				return nil, fmt.Errorf("describe %s: %w", name, err)
			}
			descriptor := found.(protoreflect.MethodDescriptor)
			input, err := protoregistry.GlobalTypes.FindMessageByName(descriptor.Input().FullName())
			if err != nil {
				return nil, fmt.Errorf("describe the request of %s: %w", name, err)
			}
			for _, rule := range rulesOf(descriptor) {
				verb, path := verbAndPath(rule)
				one := &route{method.Handler, registered.service, interceptor, input, rule.Body}
				if err := mux.HandlePath(verb, path, one.serve); err != nil {
					return nil, fmt.Errorf("rule %s %s of %s: %w", verb, path, name, err)
				}
			}
		}
	}
	return mux, nil
}

// rulesOf reads the HTTP rules of a method.
func rulesOf(method protoreflect.MethodDescriptor) []*annotations.HttpRule {
	var rules []*annotations.HttpRule
	if method.Parent().FullName() == "google.iam.v1.IAMPolicy" {
		for _, rule := range iamRules {
			if rule.method != string(method.Name()) {
				continue
			}
			for _, kind := range []string{"topics", "subscriptions", "snapshots", "schemas"} {
				path := fmt.Sprintf(rule.path, kind)
				if rule.verb == http.MethodGet {
					rules = append(rules, &annotations.HttpRule{Pattern: &annotations.HttpRule_Get{Get: path}})
				} else {
					rules = append(rules, &annotations.HttpRule{Pattern: &annotations.HttpRule_Post{Post: path}, Body: "*"})
				}
			}
		}
		return rules
	}
	rule, annotated := proto.GetExtension(method.Options(), annotations.E_Http).(*annotations.HttpRule)
	if !annotated || rule == nil {
		return nil
	}
	return append([]*annotations.HttpRule{rule}, rule.AdditionalBindings...)
}

func verbAndPath(rule *annotations.HttpRule) (verb, path string) {
	switch pattern := rule.Pattern.(type) {
	case *annotations.HttpRule_Get:
		return http.MethodGet, pattern.Get
	case *annotations.HttpRule_Put:
		return http.MethodPut, pattern.Put
	case *annotations.HttpRule_Post:
		return http.MethodPost, pattern.Post
	case *annotations.HttpRule_Delete:
		return http.MethodDelete, pattern.Delete
	case *annotations.HttpRule_Patch:
		return http.MethodPatch, pattern.Patch
	}
	return "", ""
}

// serve answers one HTTP request.
func (r *route) serve(writer http.ResponseWriter, request *http.Request, path map[string]string) {
	ctx := metadata.NewIncomingContext(request.Context(), metadata.Pairs("authorization", request.Header.Get("Authorization")))
	decode := func(into any) error { return r.decode(request, path, into.(proto.Message)) }
	answer, err := r.handler(r.service, ctx, decode, r.interceptor)
	if err != nil {
		known := status.Convert(err)
		writeError(writer, runtime.HTTPStatusFromCode(known.Code()), known)
		return
	}
	writeMessage(writer, request, answer.(proto.Message))
}

// decode fills the RPC's request from the body, the query and the path; the path wins.
func (r *route) decode(request *http.Request, path map[string]string, into proto.Message) error {
	body, err := io.ReadAll(http.MaxBytesReader(nil, request.Body, maxRequestBytes))
	if err != nil {
		return invalid("Request payload size exceeds the limit: %v.", err)
	}
	if err := r.decodeBody(body, into); err != nil {
		return err
	}
	query := request.URL.Query()
	for name := range query {
		if systemParameters[strings.TrimPrefix(name, "$")] {
			query.Del(name)
		}
	}
	// The service still takes the mask from the query, as it did before the request had a field for it.
	for _, name := range []string{"updateMask", "update_mask"} {
		if paths := query.Get(name); paths != "" {
			query.Set(name, snakeCase(paths))
		}
	}
	if err := runtime.PopulateQueryParameters(into, query, utilities.NewDoubleArray(nil)); err != nil {
		return invalid("Invalid query parameter: %v.", err)
	}
	for field, value := range path {
		if err := runtime.PopulateFieldFromPath(into, field, value); err != nil {
			return invalid("Invalid path: %v.", err)
		}
	}
	return nil
}

func (r *route) decodeBody(body []byte, into proto.Message) error {
	target := into.ProtoReflect()
	switch {
	case r.body == "" || len(body) == 0:
		return nil
	case r.body != "*":
		field := target.Descriptor().Fields().ByName(protoreflect.Name(r.body))
		return readJSON(body, target.Mutable(field).Message().Interface())
	}
	return readJSON(body, into)
}
