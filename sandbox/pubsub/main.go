// Pub/Sub of the sandbox: Google's in-memory server, with the names, limits, IAM policies, error texts and checks of callers that
// the real service has.  Its messages are in memory; topics, subscriptions and policies are also in a file.
//
// It has two endpoints.  The plain one (no TLS, no credentials) is for those who use a Pub/Sub emulator; the TLS one stands for
// pubsub.googleapis.com and verifies every caller.  Both serve gRPC and REST on one port.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// stopTime is how long running calls may take when the program is asked to end.
const stopTime = 2 * time.Second

// options are the command line.
type options struct {
	plain, tls, cert, key, identity, projects, keep string
}

func main() {
	log.SetFlags(log.LstdFlags | log.LUTC | log.Lmsgprefix)
	var given options
	flag.StringVar(&given.plain, "plain", "127.0.0.1:8485", "`address` of the endpoint without TLS and credentials")
	flag.StringVar(&given.tls, "tls", "", "`address` of the endpoint with TLS that verifies callers; empty: there is none")
	flag.StringVar(&given.cert, "tls-cert", "", "PEM `file` with the TLS endpoint's certificate")
	flag.StringVar(&given.key, "tls-key", "", "PEM `file` with its private key")
	flag.StringVar(&given.identity, "identity", "", "`URL` of the identity service; needed by the TLS endpoint")
	flag.StringVar(&given.projects, "project", "demo-project", "`ids` of the projects that exist, with commas between them")
	flag.StringVar(&given.keep, "keep", "", "`file` that keeps topics, subscriptions and policies over a restart; empty: none does")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	if err := run(ctx, given); err != nil {
		log.Fatalf("cdc-sandbox-pubsub: %v", err)
	}
}

// A listening endpoint is one with its listener.
type listeningEndpoint struct {
	endpoint *endpoint
	split    *splitListener
}

// run serves until ctx is done.
func run(ctx context.Context, given options) error {
	endpoints, err := open(given)
	if err != nil {
		return err
	}
	failed := make(chan error, len(endpoints))
	for _, each := range endpoints {
		log.Printf("endpoint %s: gRPC and REST on %s", each.endpoint.name, each.split.listener.Addr())
		go func() { failed <- each.endpoint.serve(each.split) }()
	}
	select {
	case err = <-failed:
	case <-ctx.Done():
		log.Print("stopping")
	}
	ending, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	for _, each := range endpoints {
		each.endpoint.stop(ending)
	}
	return err
}

// open makes the service and its endpoints, which listen but do not serve yet.
func open(given options) ([]listeningEndpoint, error) {
	service, err := newService(given.keep)
	if err != nil {
		return nil, err
	}
	if err := service.keeper.restore(context.Background()); err != nil {
		return nil, err
	}
	projects := map[string]bool{}
	for _, project := range strings.Split(given.projects, ",") {
		projects[strings.TrimSpace(project)] = true
	}
	iam := &iam{service: service}
	if given.identity != "" {
		iam.identity = newIdentity(given.identity)
	}
	iam.gate = newGate(iam.identity, service.policies)
	requests := &requestLog{}
	control := map[string]http.Handler{
		"GET /_sandbox/requests":    requests,
		"DELETE /_sandbox/requests": requests,
		"GET /_sandbox/faults":      service.faults,
		"POST /_sandbox/faults":     service.faults,
		"DELETE /_sandbox/faults":   service.faults,
		"GET /_sandbox/health": http.HandlerFunc(func(writer http.ResponseWriter, _ *http.Request) {
			writeJSON(writer, http.StatusOK, []byte(`{"status":"ok"}`))
		}),
	}
	plain, err := newEndpoint("plain", projects, requests, nil, service, iam, control)
	if err != nil {
		return nil, err
	}
	split, err := newSplitListener(given.plain, nil)
	if err != nil {
		return nil, err
	}
	endpoints := []listeningEndpoint{{plain, split}}
	if given.tls == "" {
		return endpoints, nil
	}
	if iam.identity == nil {
		return nil, errors.New("--tls needs --identity: that endpoint verifies callers")
	}
	pair, err := tls.LoadX509KeyPair(given.cert, given.key)
	if err != nil {
		return nil, fmt.Errorf("the TLS endpoint's certificate: %w", err)
	}
	verified, err := newEndpoint("tls", projects, requests, iam.gate, service, iam, nil)
	if err != nil {
		return nil, err
	}
	split, err = newSplitListener(given.tls, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12})
	if err != nil {
		return nil, err
	}
	return append(endpoints, listeningEndpoint{verified, split}), nil
}
