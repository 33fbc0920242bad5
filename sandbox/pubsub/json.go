// JSON as Google's REST APIs write and read it.

package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"regexp"
	"strings"
	"unicode"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// systemParameters are query parameters that every Google API takes, without a leading "$".
// Source: https://cloud.google.com/apis/docs/system-parameters
var systemParameters = map[string]bool{
	"alt": true, "key": true, "fields": true, "prettyPrint": true, "quotaUser": true, "userProject": true, "access_token": true,
	"oauth_token": true, "callback": true, "upload_protocol": true, "uploadType": true, ".xgafv": true, "apiVersion": true,
}

var unknownField = regexp.MustCompile(`unknown field "([^"]+)"`)

// readJSON decodes a body into a message, with the service's words about what is wrong in it.
func readJSON(body []byte, into proto.Message) error {
	body, err := camelCaseMask(body)
	if err == nil {
		err = protojson.Unmarshal(body, into)
	}
	if err == nil {
		return nil
	}
	text := fmt.Sprintf("Invalid JSON payload received. %s", strings.TrimPrefix(strings.ReplaceAll(err.Error(), "\u00a0", " "), "proto: "))
	if unknown := unknownField.FindStringSubmatch(err.Error()); unknown != nil {
		text = fmt.Sprintf("Invalid JSON payload received. Unknown name %q: Cannot find field.", unknown[1])
	}
	problem := status.New(codes.InvalidArgument, text)
	detailed, err := problem.WithDetails(&errdetails.BadRequest{
		FieldViolations: []*errdetails.BadRequest_FieldViolation{{Description: text}},
	})
	if err != nil {
		return problem.Err()
	}
	return detailed.Err()
}

// camelCaseMask rewrites the paths of an update mask: the service takes labels,message_retention_duration as well as
// labels,messageRetentionDuration, protojson only the latter.
func camelCaseMask(body []byte) ([]byte, error) {
	if !strings.Contains(string(body), "updateMask") && !strings.Contains(string(body), "update_mask") {
		return body, nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return nil, err
	}
	for _, name := range []string{"updateMask", "update_mask"} {
		var mask string
		if raw, set := fields[name]; !set || json.Unmarshal(raw, &mask) != nil {
			continue
		}
		encoded, err := json.Marshal(camelCase(mask))
		if err != nil {
			return nil, err
		}
		fields[name] = encoded
	}
	return json.Marshal(fields)
}

func camelCase(text string) string {
	parts := strings.Split(text, "_")
	for index, part := range parts[1:] {
		if part != "" {
			parts[index+1] = strings.ToUpper(part[:1]) + part[1:]
		}
	}
	return strings.Join(parts, "")
}

func snakeCase(text string) string {
	var snake strings.Builder
	for _, char := range text {
		if unicode.IsUpper(char) {
			snake.WriteByte('_')
		}
		snake.WriteRune(unicode.ToLower(char))
	}
	return snake.String()
}

// writeMessage answers with a message; fields that are not set are left out.
func writeMessage(writer http.ResponseWriter, request *http.Request, answer proto.Message) {
	query := request.URL.Query()
	options := protojson.MarshalOptions{UseEnumNumbers: strings.Contains(query.Get("$alt")+query.Get("alt"), "enum-encoding=int")}
	encoded, err := options.Marshal(answer)
	if err != nil {
		writeError(writer, http.StatusInternalServerError, status.New(codes.Internal, err.Error()))
		return
	}
	writeJSON(writer, http.StatusOK, encoded)
}

// writeError answers with {"error":{"code":404,"message":"…","status":"NOT_FOUND"}}.
func writeError(writer http.ResponseWriter, httpStatus int, problem *status.Status) {
	type body struct {
		Code    int               `json:"code"`
		Message string            `json:"message"`
		Status  string            `json:"status"`
		Details []json.RawMessage `json:"details,omitempty"`
	}
	answer := body{Code: httpStatus, Message: problem.Message(), Status: codeName(problem.Code())}
	for _, detail := range problem.Proto().GetDetails() {
		encoded, err := protojson.Marshal(detail)
		if err != nil {
			log.Printf("encode an error's detail: %v", err)
			continue
		}
		answer.Details = append(answer.Details, encoded)
	}
	encoded, err := json.Marshal(map[string]body{"error": answer})
	if err != nil {
		log.Printf("encode an error: %v", err)
	}
	if httpStatus == http.StatusUnauthorized {
		writer.Header().Set("WWW-Authenticate", `Bearer realm="https://accounts.google.com/"`)
	}
	writeJSON(writer, httpStatus, encoded)
}

func writeJSON(writer http.ResponseWriter, httpStatus int, body []byte) {
	writer.Header().Set("Content-Type", "application/json; charset=UTF-8")
	writer.WriteHeader(httpStatus)
	if _, err := writer.Write(append(body, '\n')); err != nil {
		log.Printf("answer a request: %v", err)
	}
}
