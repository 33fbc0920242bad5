// What the tests share: the server on free ports, with a fake identity service, and clients of both endpoints.

package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/iam/apiv1/iampb"
	pb "cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const (
	project = "projects/demo-project"
	topicA  = project + "/topics/orders"
	subA    = project + "/subscriptions/orders-sub"
)

// fakeIdentity knows tokens of the form "MEMBER": it grants what the project grants or the given policy binds to the member.
type fakeIdentity struct {
	*httptest.Server
	mu        sync.Mutex
	owners    []string // members who may do everything
	missing   []string // members who do not exist
	ids       accountIDs
	questions []question
}

func newFakeIdentity(t testing.TB) *fakeIdentity {
	fake := &fakeIdentity{owners: []string{"serviceAccount:owner@demo"}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /_sandbox/check", fake.check)
	mux.HandleFunc("POST /_sandbox/members", fake.members)
	fake.Server = httptest.NewServer(mux)
	t.Cleanup(fake.Close)
	return fake
}

func (f *fakeIdentity) check(writer http.ResponseWriter, request *http.Request) {
	var asked question
	if err := json.NewDecoder(request.Body).Decode(&asked); err != nil {
		http.Error(writer, err.Error(), http.StatusBadRequest)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.questions = append(f.questions, asked)
	answer := verdict{Status: "denied", Member: asked.Token}
	var policy struct {
		Bindings []struct{ Members []string }
	}
	_ = json.Unmarshal(asked.Policy, &policy)
	if slices.Contains(f.owners, asked.Token) {
		answer.Status = "ok"
	}
	for _, binding := range policy.Bindings {
		if slices.Contains(binding.Members, asked.Token) {
			answer.Status = "ok"
		}
	}
	if !strings.HasPrefix(asked.Token, "serviceAccount:") {
		answer = verdict{Status: "unauthenticated"}
	}
	_ = json.NewEncoder(writer).Encode(answer)
}

func (f *fakeIdentity) members(writer http.ResponseWriter, request *http.Request) {
	var asked struct{ Members []string }
	_ = json.NewDecoder(request.Body).Decode(&asked)
	gone := slices.DeleteFunc(asked.Members, func(member string) bool { return !slices.Contains(f.missing, member) })
	f.mu.Lock()
	defer f.mu.Unlock()
	_ = json.NewEncoder(writer).Encode(map[string]any{"missing": gone, "ids": f.ids})
}

func (f *fakeIdentity) asked() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.questions)
}

// sandbox is a running server.
type sandbox struct {
	plain, tls string // addresses
	identity   *fakeIdentity
	roots      *x509.CertPool
}

func start(t testing.TB) *sandbox {
	t.Helper()
	identity := newFakeIdentity(t)
	cert, key, roots := certificate(t)
	endpoints, err := open(options{
		plain: "127.0.0.1:0", tls: "127.0.0.1:0", cert: cert, key: key, identity: identity.URL, projects: "demo-project,demo-host",
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, each := range endpoints {
		go each.endpoint.serve(each.split)
		t.Cleanup(func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			each.endpoint.stop(ctx)
		})
	}
	return &sandbox{endpoints[0].split.listener.Addr().String(), endpoints[1].split.listener.Addr().String(), identity, roots}
}

func certificate(t testing.TB) (certFile, keyFile string, roots *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	write := func(name, kind string, content []byte) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	certFile, keyFile = write("crt", "CERTIFICATE", der), write("key", "PRIVATE KEY", private)
	roots = x509.NewCertPool()
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots.AddCert(parsed)
	return certFile, keyFile, roots
}

// clients are the gRPC clients of one endpoint.
type clients struct {
	topics        pb.PublisherClient
	subscriptions pb.SubscriberClient
	iam           iampb.IAMPolicyClient
}

func connect(t testing.TB, address string, transport credentials.TransportCredentials) clients {
	t.Helper()
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(transport))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	return clients{pb.NewPublisherClient(connection), pb.NewSubscriberClient(connection), iampb.NewIAMPolicyClient(connection)}
}

func (s *sandbox) plainClients(t testing.TB) clients {
	return connect(t, s.plain, insecure.NewCredentials())
}

func (s *sandbox) tlsClients(t testing.TB) clients {
	return connect(t, s.tls, credentials.NewTLS(&tls.Config{RootCAs: s.roots}))
}

// as adds a bearer token to a context.
func as(t testing.TB, token string) context.Context {
	return metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+token)
}

// rest sends a REST request to the plain endpoint and decodes the answer.
func (s *sandbox) rest(t testing.TB, verb, path, body string) (int, map[string]any) {
	t.Helper()
	return send(t, http.DefaultClient, verb, "http://"+s.plain+path, "", body)
}

func send(t testing.TB, client *http.Client, verb, url, token, body string) (int, map[string]any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), verb, url, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var answer map[string]any
	if err := json.Unmarshal(text, &answer); err != nil {
		t.Fatalf("%s %s answered %q: %v", verb, url, text, err)
	}
	return response.StatusCode, answer
}

// wantError fails unless err has the code and a message that contains text.
func wantError(t testing.TB, err error, code codes.Code, text string) {
	t.Helper()
	if got := status.Convert(err); got.Code() != code || !strings.Contains(got.Message(), text) {
		t.Fatalf("got %v %q, want %v %q", got.Code(), got.Message(), code, text)
	}
}

func must[Answer any](t testing.TB) func(Answer, error) Answer {
	return func(answer Answer, err error) Answer {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
}

func topicOf(name string) *pb.Topic { return &pb.Topic{Name: name} }
