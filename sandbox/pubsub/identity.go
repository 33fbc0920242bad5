// The stand-in of Google's IAM, asked over HTTP: who holds this token, and may he do that?

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// identity is the client of the stand-in's two endpoints.
type identity struct {
	url    string
	client *http.Client
}

func newIdentity(url string) *identity {
	// No proxy: the stand-in is on this machine.  Debezium publishes on many streams at once, so connections are kept.
	transport := &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute}
	return &identity{strings.TrimSuffix(url, "/"), &http.Client{Transport: transport, Timeout: 10 * time.Second}}
}

type question struct {
	Token      string          `json:"token"`
	Permission string          `json:"permission"`
	Project    string          `json:"project"`
	Policy     json.RawMessage `json:"policy"` // IAM policy of the resource, or null
}

type verdict struct {
	Status string `json:"status"` // "ok", "unauthenticated" or "denied"
	Member string `json:"member"` // such as "serviceAccount:…"
}

// check asks whether the token's holder has a permission.
func (i *identity) check(ctx context.Context, asked question) (verdict, error) {
	var answer verdict
	if err := i.post(ctx, "/_sandbox/check", asked, &answer); err != nil {
		return verdict{}, err
	}
	switch answer.Status {
	case "ok", "unauthenticated", "denied":
		return answer, nil
	}
	return verdict{}, status.Errorf(codes.Unavailable, "the identity service answered the unknown status %q", answer.Status)
}

// members asks which of the service accounts do not exist, and for the unique ids of those that do.
func (i *identity) members(ctx context.Context, members []string) (missing []string, ids accountIDs, err error) {
	var answer struct {
		Missing []string   `json:"missing"`
		IDs     accountIDs `json:"ids"`
	}
	err = i.post(ctx, "/_sandbox/members", map[string][]string{"members": members}, &answer)
	return answer.Missing, answer.IDs, err
}

func (i *identity) post(ctx context.Context, path string, body, answer any) error {
	unavailable := func(err error) error {
		return status.Errorf(codes.Unavailable, "the identity service at %s failed: %v", i.url, err)
	}
	encoded, err := json.Marshal(body)
	if err != nil {
		return unavailable(err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, i.url+path, bytes.NewReader(encoded))
	if err != nil {
		return unavailable(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := i.client.Do(request)
	if err != nil {
		return unavailable(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return unavailable(fmt.Errorf("%s answered %s", path, response.Status))
	}
	if err := json.NewDecoder(response.Body).Decode(answer); err != nil {
		return unavailable(err)
	}
	return nil
}
