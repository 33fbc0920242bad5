// Faults that a test switches on at the plain endpoint: each is something that the real service was seen to do.
//
// POST /_sandbox/faults {"name": …, "method": …, "count": …, "options": {…}} adds one, DELETE removes all, GET shows them.

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// knownFaults says what each fault does.
var knownFaults = map[string]string{
	"answer_lost":            "the RPC acts, and then answers UNAVAILABLE: the caller cannot know",
	"policy_aborted":         "SetIamPolicy answers ABORTED, as if another caller had changed the policy in between",
	"policy_account_unknown": "SetIamPolicy does not know a service account yet that was just created",
	"policy_lags":            "SetIamPolicy takes effect later: until then callers are judged by the policy before; option seconds (5)",
	"project_not_ready":      "CreateTopic is refused in a project that was made a moment ago: retry this operation",
	"reads_lag":              "after a topic or subscription is created, reading it answers NOT_FOUND (negative caching); option reads: how often (2)",
	"unavailable":            "the RPC answers UNAVAILABLE and does nothing",
}

// faultPlaces holds the RPCs at which a fault can happen; one that is not listed can happen at any.
var faultPlaces = map[string][]string{
	"policy_aborted":         {"SetIamPolicy"},
	"policy_account_unknown": {"SetIamPolicy"},
	"policy_lags":            {"SetIamPolicy"},
	"project_not_ready":      {"CreateTopic"},
	"reads_lag":              {"CreateTopic", "CreateSubscription"},
}

// numberOption is the one option of those faults that have any.
var numberOption = map[string]string{"policy_lags": "seconds", "reads_lag": "reads"}

// A fault that is switched on.
type fault struct {
	Name    string             `json:"name"`
	Method  string             `json:"method"` // of the RPC, such as "CreateTopic"; "": any that knows the fault
	Count   int                `json:"count"`  // how many more times it happens; -1: for ever
	Options map[string]float64 `json:"options"`
	Fired   int                `json:"fired"` // how many times it has happened
}

// number is the fault's option, or what it is by default.
func (f *fault) number(otherwise float64) float64 {
	if value, given := f.Options[numberOption[f.Name]]; given {
		return value
	}
	return otherwise
}

type faults struct {
	mu      sync.Mutex
	on      []*fault
	lagging map[string]int // by resource: how many of its next reads do not find it
}

func newFaults() *faults {
	return &faults{lagging: map[string]int{}}
}

// take gives the fault of that name if it is on for the RPC; this counts as one time.
func (f *faults) take(name, method string) *fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for index, one := range f.on {
		if one.Name != name || one.Method != "" && one.Method != path.Base(method) {
			continue
		}
		one.Fired++
		if one.Count > 0 {
			one.Count--
		}
		if one.Count == 0 {
			f.on = slices.Delete(f.on, index, index+1)
		}
		return one
	}
	return nil
}

// before is what happens instead of an RPC, or nil.
func (f *faults) before(method, resource string) error {
	if f.take("unavailable", method) != nil {
		return unavailable()
	}
	switch path.Base(method) {
	case "CreateTopic":
		if f.take("project_not_ready", method) != nil {
			return invalid("The project is not ready yet. Please retry this operation.")
		}
	case "SetIamPolicy":
		if f.take("policy_aborted", method) != nil {
			return concurrentChange()
		}
	case "GetTopic", "GetSubscription":
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.lagging[resource] > 0 {
			f.lagging[resource]--
			return notFound(resource)
		}
	}
	return nil
}

// after is what becomes of the answer to an RPC that succeeded.
func (f *faults) after(method, resource string) error {
	switch path.Base(method) {
	case "CreateTopic", "CreateSubscription":
		if lag := f.take("reads_lag", method); lag != nil {
			f.mu.Lock()
			f.lagging[resource] = int(lag.number(2))
			f.mu.Unlock()
		}
	}
	if f.take("answer_lost", method) != nil {
		return unavailable()
	}
	return nil
}

// run does what an RPC does on the day of these faults.
func (f *faults) run(ctx context.Context, method, resource string, rpc func(context.Context) (any, error)) (any, error) {
	if err := f.before(method, resource); err != nil {
		return nil, err
	}
	answer, err := rpc(ctx)
	if err == nil {
		err = f.after(method, resource)
	}
	if err != nil {
		return nil, err
	}
	return answer, nil
}

func (f *faults) add(one *fault) error {
	if _, known := knownFaults[one.Name]; !known {
		names := make([]string, 0, len(knownFaults))
		for name := range knownFaults {
			names = append(names, name)
		}
		slices.Sort(names)
		return fmt.Errorf("no fault is called %q; there are: %s", one.Name, strings.Join(names, ", "))
	}
	for option := range one.Options {
		if option != numberOption[one.Name] {
			return fmt.Errorf("fault %s has no option %s", one.Name, option)
		}
	}
	if one.Fired != 0 {
		return errors.New("fired is counted here")
	}
	if one.Method != "" && !isRPC(one.Method) {
		return fmt.Errorf("no RPC is called %q", one.Method)
	}
	if places := faultPlaces[one.Name]; one.Method != "" && places != nil && !slices.Contains(places, one.Method) {
		return fmt.Errorf("fault %s never happens at %s", one.Name, one.Method)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if one.Count != 0 {
		f.on = append(f.on, one)
	}
	return nil
}

// isRPC tells whether an RPC has this name, such as "CreateTopic".
func isRPC(name string) bool {
	for method := range needs {
		if path.Base(method) == name {
			return true
		}
	}
	return false
}

// ServeHTTP is the control API of the faults.
func (f *faults) ServeHTTP(writer http.ResponseWriter, request *http.Request) {
	switch request.Method {
	case http.MethodPost:
		one := &fault{Count: 1}
		decoder := json.NewDecoder(request.Body)
		decoder.DisallowUnknownFields()
		err := decoder.Decode(one)
		if err == nil {
			err = f.add(one)
		}
		if err != nil {
			f.answer(writer, http.StatusBadRequest, map[string]string{"error": err.Error()})
			return
		}
		f.answer(writer, http.StatusOK, map[string]string{})
	case http.MethodDelete:
		f.mu.Lock()
		f.on = nil
		clear(f.lagging)
		f.mu.Unlock()
		f.answer(writer, http.StatusOK, map[string]string{})
	default:
		f.mu.Lock()
		defer f.mu.Unlock()
		f.answer(writer, http.StatusOK, map[string]any{"known": knownFaults, "on": append([]*fault{}, f.on...)})
	}
}

func (f *faults) answer(writer http.ResponseWriter, code int, body any) {
	encoded, err := json.Marshal(body)
	if err != nil {
		http.Error(writer, err.Error(), http.StatusInternalServerError)
		return
	}
	writeJSON(writer, code, encoded)
}

// lagOf is for how long a policy that is set now does not take effect.
func (f *faults) lagOf(method string) time.Duration {
	if lag := f.take("policy_lags", method); lag != nil {
		return time.Duration(lag.number(5) * float64(time.Second))
	}
	return 0
}

func unavailable() error {
	return status.Error(codes.Unavailable, "The service was unable to fulfill your request. Please try again.")
}
