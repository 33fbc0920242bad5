// Which resource and which permission each RPC is about: one table, read by the checks of names and of access.

package main

import (
	"regexp"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// A need is one permission that an RPC asks for, on the resource named by a field of the request.
type need struct {
	permission string
	field      string // path of the field that holds the resource's name, such as "topic.name"
	onProject  bool   // the permission is asked for on the resource's project
}

// needs holds what each RPC asks for.  The first entry of an RPC names the resource that the RPC is about.
// Source: https://cloud.google.com/pubsub/docs/access-control#required_permissions
var needs = map[string][]need{
	"/google.pubsub.v1.Publisher/CreateTopic":            {{"pubsub.topics.create", "name", true}},
	"/google.pubsub.v1.Publisher/UpdateTopic":            {{"pubsub.topics.update", "topic.name", false}},
	"/google.pubsub.v1.Publisher/Publish":                {{"pubsub.topics.publish", "topic", false}},
	"/google.pubsub.v1.Publisher/GetTopic":               {{"pubsub.topics.get", "topic", false}},
	"/google.pubsub.v1.Publisher/ListTopics":             {{"pubsub.topics.list", "project", true}},
	"/google.pubsub.v1.Publisher/ListTopicSubscriptions": {{"pubsub.topics.get", "topic", false}},
	"/google.pubsub.v1.Publisher/ListTopicSnapshots":     {{"pubsub.topics.get", "topic", false}},
	"/google.pubsub.v1.Publisher/DeleteTopic":            {{"pubsub.topics.delete", "topic", false}},
	"/google.pubsub.v1.Publisher/DetachSubscription":     {{"pubsub.subscriptions.update", "subscription", false}},

	"/google.pubsub.v1.Subscriber/CreateSubscription": {
		{"pubsub.subscriptions.create", "name", true},
		{"pubsub.topics.attachSubscription", "topic", false},
	},
	"/google.pubsub.v1.Subscriber/GetSubscription":    {{"pubsub.subscriptions.get", "subscription", false}},
	"/google.pubsub.v1.Subscriber/UpdateSubscription": {{"pubsub.subscriptions.update", "subscription.name", false}},
	"/google.pubsub.v1.Subscriber/ListSubscriptions":  {{"pubsub.subscriptions.list", "project", true}},
	"/google.pubsub.v1.Subscriber/DeleteSubscription": {{"pubsub.subscriptions.delete", "subscription", false}},
	"/google.pubsub.v1.Subscriber/ModifyAckDeadline":  {{"pubsub.subscriptions.consume", "subscription", false}},
	"/google.pubsub.v1.Subscriber/Acknowledge":        {{"pubsub.subscriptions.consume", "subscription", false}},
	"/google.pubsub.v1.Subscriber/Pull":               {{"pubsub.subscriptions.consume", "subscription", false}},
	"/google.pubsub.v1.Subscriber/StreamingPull":      {{"pubsub.subscriptions.consume", "subscription", false}},
	"/google.pubsub.v1.Subscriber/ModifyPushConfig":   {{"pubsub.subscriptions.update", "subscription", false}},
	"/google.pubsub.v1.Subscriber/Seek":               {{"pubsub.subscriptions.consume", "subscription", false}},
	"/google.pubsub.v1.Subscriber/GetSnapshot":        {{"pubsub.snapshots.get", "snapshot", false}},
	"/google.pubsub.v1.Subscriber/ListSnapshots":      {{"pubsub.snapshots.list", "project", true}},
	"/google.pubsub.v1.Subscriber/CreateSnapshot": {
		{"pubsub.snapshots.create", "name", true},
		{"pubsub.subscriptions.consume", "subscription", false},
	},
	"/google.pubsub.v1.Subscriber/UpdateSnapshot": {{"pubsub.snapshots.update", "snapshot.name", false}},
	"/google.pubsub.v1.Subscriber/DeleteSnapshot": {{"pubsub.snapshots.delete", "snapshot", false}},

	"/google.pubsub.v1.SchemaService/CreateSchema":         {{"pubsub.schemas.create", "parent", true}},
	"/google.pubsub.v1.SchemaService/GetSchema":            {{"pubsub.schemas.get", "name", false}},
	"/google.pubsub.v1.SchemaService/ListSchemas":          {{"pubsub.schemas.list", "parent", true}},
	"/google.pubsub.v1.SchemaService/ListSchemaRevisions":  {{"pubsub.schemas.listRevisions", "name", false}},
	"/google.pubsub.v1.SchemaService/CommitSchema":         {{"pubsub.schemas.commit", "name", false}},
	"/google.pubsub.v1.SchemaService/RollbackSchema":       {{"pubsub.schemas.rollback", "name", false}},
	"/google.pubsub.v1.SchemaService/DeleteSchemaRevision": {{"pubsub.schemas.delete", "name", false}},
	"/google.pubsub.v1.SchemaService/DeleteSchema":         {{"pubsub.schemas.delete", "name", false}},
	"/google.pubsub.v1.SchemaService/ValidateSchema":       {{"pubsub.schemas.validate", "parent", true}},
	"/google.pubsub.v1.SchemaService/ValidateMessage":      {{"pubsub.schemas.validate", "parent", true}},

	// The permission depends on the kind of the resource: see needsOf.  TestIamPermissions asks for none.
	"/google.iam.v1.IAMPolicy/GetIamPolicy":       {{"getIamPolicy", "resource", false}},
	"/google.iam.v1.IAMPolicy/SetIamPolicy":       {{"setIamPolicy", "resource", false}},
	"/google.iam.v1.IAMPolicy/TestIamPermissions": {{"", "resource", false}},
}

// An access is one permission on one resource, of one request.
type access struct {
	permission string
	resource   string // such as "projects/P/topics/T", or "projects/P"
}

// accessesOf lists what a request needs, first the resource that it is about.  It refuses a name that no resource can have.
func accessesOf(method string, request proto.Message) ([]access, error) {
	wanted, known := needs[method]
	if !known {
		return nil, invalid("unknown method %s", method)
	}
	accesses := make([]access, 0, len(wanted))
	for _, each := range wanted {
		name := stringField(request, each.field)
		project, kind, valid := splitName(name)
		if !valid {
			return nil, invalidName(name)
		}
		permission := each.permission
		if permission != "" && !strings.Contains(permission, ".") {
			permission = "pubsub." + kind + "." + permission
		}
		if each.onProject {
			name = "projects/" + project
		}
		accesses = append(accesses, access{permission, name})
	}
	return accesses, nil
}

// stringField reads the string at a dotted path of field names; "" where a message on the way is not set.
func stringField(message proto.Message, path string) string {
	value := message.ProtoReflect()
	for {
		name, rest, nested := strings.Cut(path, ".")
		field := value.Descriptor().Fields().ByName(protoreflect.Name(name))
		if !nested {
			return value.Get(field).String()
		}
		value, path = value.Get(field).Message(), rest
	}
}

// splitName reads "projects/P" or "projects/P/KIND/ID"; valid tells whether the name has that form.
func splitName(name string) (project, kind string, valid bool) {
	parts := strings.Split(name, "/")
	if parts[0] != "projects" || len(parts) < 2 || parts[1] == "" {
		return "", "", false
	}
	switch {
	case len(parts) == 2:
		return parts[1], "projects", true
	case len(parts) != 4 || parts[3] == "":
		return "", "", false
	}
	switch parts[2] {
	case "topics", "subscriptions", "snapshots", "schemas":
		return parts[1], parts[2], true
	}
	return "", "", false
}

func shortName(name string) string {
	return name[strings.LastIndexByte(name, '/')+1:]
}

// The service's rule for a resource that is being made (https://cloud.google.com/pubsub/docs/pubsub-basics#resource_names).
var resourceID = regexp.MustCompile(`^[A-Za-z][-A-Za-z0-9_.~+%]{2,254}$`)

// checkNewName refuses a name under which the service makes no resource of this kind.
func checkNewName(name, kind string) error {
	_, named, valid := splitName(name)
	id := shortName(name)
	if !valid || named != kind || !resourceID.MatchString(id) || strings.HasPrefix(strings.ToLower(id), "goog") {
		return invalidName(name)
	}
	return nil
}
