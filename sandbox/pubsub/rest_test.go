// REST has the paths, the JSON and the errors of Google's API.

package main

import (
	"fmt"
	"net/http"
	"reflect"
	"testing"
)

func wantJSON(t *testing.T, got any, want string) {
	t.Helper()
	if fmt.Sprint(got) != want {
		t.Errorf("got  %v\nwant %s", got, want)
	}
}

func TestRESTTopic(t *testing.T) {
	server := start(t)
	path := "/v1/" + topicA
	code, answer := server.rest(t, http.MethodGet, path, "")
	wantJSON(t, answer, "map[error:map[code:404 message:Resource not found (resource=orders). status:NOT_FOUND]]")
	if code != http.StatusNotFound {
		t.Errorf("missing topic: %d", code)
	}
	_, made := server.rest(t, http.MethodPut, path, `{"labels":{"env":"test"},"messageRetentionDuration":"86400s"}`)
	_, read := server.rest(t, http.MethodGet, path, "")
	wantJSON(t, read, "map[labels:map[env:test] messageRetentionDuration:86400s name:"+topicA+"]")
	if !reflect.DeepEqual(made, read) {
		t.Errorf("created %v, read %v", made, read)
	}
	if code, answer = server.rest(t, http.MethodPut, path, "{}"); code != http.StatusConflict {
		t.Errorf("second creation: %d %v", code, answer)
	}
	_, list := server.rest(t, http.MethodGet, "/v1/"+project+"/topics?pageSize=10", "")
	wantJSON(t, list, "map[topics:["+fmt.Sprint(read)+"]]")
	if code, answer = server.rest(t, http.MethodDelete, path, ""); code != http.StatusOK || len(answer) != 0 {
		t.Errorf("deletion: %d %v", code, answer)
	}
}

func TestRESTPatchTakesEachFormOfMask(t *testing.T) {
	server := start(t)
	path := "/v1/" + topicA
	server.rest(t, http.MethodPut, path, "{}")
	for label, mask := range map[string]struct{ query, body string }{
		"camel":  {"", `,"updateMask":"labels,messageRetentionDuration"`},
		"snake":  {"", `,"updateMask":"labels,message_retention_duration"`},
		"query":  {"?updateMask=labels,messageRetentionDuration", ""},
		"system": {"?alt=json&$alt=json%3Benum-encoding%3Dint&prettyPrint=false", `,"updateMask":"labels"`},
	} {
		body := fmt.Sprintf(`{"topic":{"labels":{"form":"%s"},"messageRetentionDuration":"600s"}%s}`, label, mask.body)
		code, answer := server.rest(t, http.MethodPatch, path+mask.query, body)
		if code != http.StatusOK || fmt.Sprint(answer["labels"]) != "map[form:"+label+"]" {
			t.Errorf("%s: %d %v", label, code, answer)
		}
	}
	code, answer := server.rest(t, http.MethodPatch, path, `{"topic":{"labels":{"a":"b"}}}`)
	if code != http.StatusBadRequest {
		t.Errorf("without a mask: %d %v", code, answer)
	}
}

func TestRESTUnknownFieldIsNamed(t *testing.T) {
	_, answer := start(t).rest(t, http.MethodPut, "/v1/"+topicA, `{"noSuchField":true}`)
	text := `Invalid JSON payload received. Unknown name "noSuchField": Cannot find field.`
	wantJSON(t, answer, "map[error:map[code:400 details:[map[@type:type.googleapis.com/google.rpc.BadRequest fieldViolations:[map[description:"+
		text+"]]]] message:"+text+" status:INVALID_ARGUMENT]]")
}

func TestRESTUnknownPath(t *testing.T) {
	code, answer := start(t).rest(t, http.MethodGet, "/v2/nothing", "")
	if code != http.StatusNotFound || answer["error"] == nil {
		t.Errorf("%d %v", code, answer)
	}
}

func TestRESTEscapedName(t *testing.T) {
	server := start(t)
	for escaped, name := range map[string]string{"a%25b": "a%b", "a%2Bb": "a+b", "a%2525": "a%25"} {
		code, answer := server.rest(t, http.MethodPut, "/v1/"+project+"/topics/"+escaped, "{}")
		if code != http.StatusOK || answer["name"] != project+"/topics/"+name {
			t.Errorf("%s: %d %v", escaped, code, answer)
		}
	}
}

func TestRESTPolicy(t *testing.T) {
	server := start(t)
	path := "/v1/" + topicA
	server.rest(t, http.MethodPut, path, "{}")
	_, answer := server.rest(t, http.MethodGet, path+":getIamPolicy?options.requestedPolicyVersion=3", "")
	wantJSON(t, answer, "map[etag:ACAB]")
	body := `{"policy":{"etag":"ACAB","bindings":[{"role":"roles/pubsub.publisher","members":["allUsers"]}]}}`
	code, answer := server.rest(t, http.MethodPost, path+":setIamPolicy", body)
	if code != http.StatusOK || answer["version"] != 1.0 {
		t.Errorf("set: %d %v", code, answer)
	}
	code, answer = server.rest(t, http.MethodPost, path+":setIamPolicy", body)
	if code != http.StatusConflict || answer["error"].(map[string]any)["status"] != "ABORTED" {
		t.Errorf("set with a stale etag: %d %v", code, answer)
	}
	_, answer = server.rest(t, http.MethodPost, path+":testIamPermissions", `{"permissions":["pubsub.topics.get"]}`)
	wantJSON(t, answer, "map[permissions:[pubsub.topics.get]]")
}

func TestRESTPublishAndPull(t *testing.T) {
	server := start(t)
	server.rest(t, http.MethodPut, "/v1/"+topicA, "")
	_, answer := server.rest(t, http.MethodPut, "/v1/"+subA, `{"topic":"`+topicA+`"}`)
	wantJSON(t, answer, "map[ackDeadlineSeconds:10 expirationPolicy:map[ttl:2678400s] messageRetentionDuration:604800s name:"+subA+
		" pushConfig:map[] state:ACTIVE topic:"+topicA+"]")
	code, answer := server.rest(t, http.MethodPost, "/v1/"+topicA+":publish", `{"messages":[{"data":"aGVsbG8=","attributes":{"a":"b"}}]}`)
	if code != http.StatusOK || len(answer["messageIds"].([]any)) != 1 {
		t.Fatalf("publish: %d %v", code, answer)
	}
	_, answer = server.rest(t, http.MethodPost, "/v1/"+subA+":pull", `{"maxMessages":5}`)
	message := answer["receivedMessages"].([]any)[0].(map[string]any)["message"].(map[string]any)
	if message["data"] != "aGVsbG8=" || fmt.Sprint(message["attributes"]) != "map[a:b]" {
		t.Errorf("pulled %v", message)
	}
}

func TestRequestLog(t *testing.T) {
	server := start(t)
	server.rest(t, http.MethodDelete, "/_sandbox/requests", "")
	server.rest(t, http.MethodGet, "/v1/"+topicA, "")
	_, err := server.tlsClients(t).topics.CreateTopic(as(t, owner), topicOf(topicA))
	if err != nil {
		t.Fatal(err)
	}
	_, answer := server.rest(t, http.MethodGet, "/_sandbox/requests", "")
	entries := answer["requests"].([]any)
	if len(entries) != 2 {
		t.Fatalf("logged %v", entries)
	}
	for index, want := range []map[string]any{
		{"endpoint": "plain", "method": "/google.pubsub.v1.Publisher/GetTopic", "code": "NOT_FOUND", "member": ""},
		{"endpoint": "tls", "method": "/google.pubsub.v1.Publisher/CreateTopic", "code": "OK", "member": owner},
	} {
		entry := entries[index].(map[string]any)
		for field, value := range want {
			if entry[field] != value || entry["resource"] != topicA {
				t.Errorf("entry %d: %s is %v, want %v (%v)", index, field, entry[field], value, entry)
			}
		}
	}
}
