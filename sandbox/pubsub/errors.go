// Errors in the words of the real service.

package main

import (
	"regexp"
	"strings"

	rpccode "google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const namesHelp = "Refer to https://cloud.google.com/pubsub/docs/pubsub-basics#resource_names for more information."

// codeName is how Google writes a status code, such as "NOT_FOUND".
func codeName(code codes.Code) string {
	return rpccode.Code(code).String()
}

func invalid(format string, args ...any) error {
	return status.Errorf(codes.InvalidArgument, format, args...)
}

func invalidName(name string) error {
	return invalid("Invalid resource name given (name=%s). %s", name, namesHelp)
}

func notFound(name string) error {
	return status.Errorf(codes.NotFound, "Resource not found (resource=%s).", shortName(name))
}

func alreadyExists(name string) error {
	return status.Errorf(codes.AlreadyExists, "Resource already exists in the project (resource=%s).", shortName(name))
}

func concurrentChange() error {
	return status.Error(codes.Aborted, "There were concurrent policy changes. "+
		"Please retry the whole read-modify-write with exponential backoff.")
}

func projectNotFound(project string) error {
	return status.Errorf(codes.NotFound, "Requested project not found or user does not have access to it (project=%s). "+
		"Make sure to specify the unique project identifier and not the Google Cloud Console display name.", project)
}

func tooLarge(what string, given, maximum int) error {
	return invalid("The value for %s is too large. You passed %d in the request, but the maximum value is %d.", what, given, maximum)
}

func tooSmall(what string, given, minimum int) error {
	return invalid("The value for %s is too small. You passed %d in the request, but the minimum value is %d.", what, given, minimum)
}

var quotedName = regexp.MustCompile(`projects/[^/\s"]+/[a-zA-Z]+/([^\s"]+)`)

// realError turns pstest's error about a resource into the real service's.  pstest writes `topic "projects/P/topics/T"` where the
// real service writes `Resource not found (resource=T).`
func realError(err error) error {
	known := status.Convert(err)
	name := quotedName.FindString(known.Message())
	if name == "" || strings.HasPrefix(known.Message(), "Re") {
		return err
	}
	switch known.Code() {
	case codes.NotFound:
		return notFound(name)
	case codes.AlreadyExists:
		return alreadyExists(name)
	default:
		return err
	}
}
