// A log of the RPCs that were answered, for tests to look at.

package main

import (
	"encoding/json"
	"log"
	"net/http"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// keptRequests bounds the log: the oldest half goes when it is full.
const keptRequests = 20_000

// A logged RPC.  Code is the name of the status, such as "NOT_FOUND"; "OK" for success.
type logged struct {
	Time     time.Time `json:"time"`
	Endpoint string    `json:"endpoint"` // "plain" or "tls"
	Method   string    `json:"method"`
	Resource string    `json:"resource"`
	Member   string    `json:"member"` // who called; "" on the plain endpoint
	Code     string    `json:"code"`
	Message  string    `json:"message,omitempty"`
}

type requestLog struct {
	mu      sync.Mutex
	entries []logged
}

// add notes an RPC, and writes one line about one that was refused.
func (l *requestLog) add(endpoint, method, resource, member string, err error) {
	known := status.Convert(err)
	entry := logged{time.Now().UTC(), endpoint, method, resource, member, codeName(known.Code()), known.Message()}
	if known.Code() != codes.OK && known.Code() != codes.Canceled {
		log.Printf("refused endpoint=%s method=%s resource=%q member=%q code=%s message=%q",
			endpoint, method, resource, member, entry.Code, entry.Message)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.entries) >= keptRequests {
		l.entries = append(l.entries[:0], l.entries[keptRequests/2:]...)
	}
	l.entries = append(l.entries, entry)
}

// ServeHTTP answers GET with the log and DELETE by emptying it.
func (l *requestLog) ServeHTTP(writer http.ResponseWriter, request *http.Request) {
	l.mu.Lock()
	entries := append([]logged{}, l.entries...)
	if request.Method == http.MethodDelete {
		l.entries, entries = nil, []logged{}
	}
	l.mu.Unlock()
	writer.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(writer).Encode(map[string][]logged{"requests": entries}); err != nil {
		log.Printf("answer the request log: %v", err)
	}
}
