// The bounds that the real service keeps and pstest does not: sizes, durations, labels, update masks.

package main

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	pb "cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// Limits of the service (https://cloud.google.com/pubsub/quotas#resource_limits); sizes in bytes.
const (
	maxPublishBytes    = 10_000_000
	maxPublishMessages = 1000
	maxOrderingKey     = 1024
	maxAttributes      = 100
	maxAttributeKey    = 256
	maxAttributeValue  = 1024
	maxLabels          = 64
	minAckSeconds      = 10
	maxAckSeconds      = 600
	minRetention       = 10 * time.Minute
	maxRetention       = 31 * 24 * time.Hour
	minExpiration      = 24 * time.Hour
)

func checkPublish(request *pb.PublishRequest) error {
	if len(request.Messages) == 0 {
		return invalid("The publish request must contain at least one message.")
	}
	if len(request.Messages) > maxPublishMessages {
		return tooLarge("message_count", len(request.Messages), maxPublishMessages)
	}
	if size := proto.Size(request); size > maxPublishBytes {
		return tooLarge("request_size", size, maxPublishBytes)
	}
	for _, message := range request.Messages {
		if err := checkMessage(message); err != nil {
			return err
		}
	}
	return nil
}

func checkMessage(message *pb.PubsubMessage) error {
	if len(message.Data) == 0 && len(message.Attributes) == 0 {
		return invalid("One or more messages in the publish request is empty. " +
			"Each message must contain either non-empty data, or at least one attribute.")
	}
	if len(message.OrderingKey) > maxOrderingKey {
		return tooLarge("ordering_key_size", len(message.OrderingKey), maxOrderingKey)
	}
	if len(message.Attributes) > maxAttributes {
		return tooLarge("attribute_count", len(message.Attributes), maxAttributes)
	}
	for key, value := range message.Attributes {
		switch {
		case key == "":
			return invalid("The attribute key must not be empty.")
		case strings.HasPrefix(key, "goog"):
			return invalid("The attribute key '%s' must not start with 'goog'.", key)
		case len(key) > maxAttributeKey:
			return tooLarge("attribute_key_size", len(key), maxAttributeKey)
		case len(value) > maxAttributeValue:
			return tooLarge("attribute_value_size", len(value), maxAttributeValue)
		}
	}
	return nil
}

func checkRetention(retention *durationpb.Duration) error {
	if retention == nil {
		return nil
	}
	if given := retention.AsDuration(); given < minRetention || given > maxRetention {
		return invalid("The value for message retention duration is out of bounds. You passed %s in the request, "+
			"but the value must be between 10m and 744h.", shortDuration(given))
	}
	return nil
}

func checkAckDeadline(seconds int32) error {
	if seconds < minAckSeconds {
		return tooSmall("ack_deadline_seconds", int(seconds), minAckSeconds)
	}
	if seconds > maxAckSeconds {
		return tooLarge("ack_deadline_seconds", int(seconds), maxAckSeconds)
	}
	return nil
}

func checkExpiration(policy *pb.ExpirationPolicy) error {
	if policy.GetTtl() == nil {
		return nil
	}
	if given := policy.GetTtl().AsDuration(); given < minExpiration {
		return invalid("The value for expiration duration is too small. You passed %s in the request, but the minimum value is 24h.",
			shortDuration(given))
	}
	return nil
}

// shortDuration writes 1h where Go writes 1h0m0s, as the service does.
func shortDuration(duration time.Duration) string {
	text := duration.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

const labelKeyRule, labelValueRule = `[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}\p{N}_-]{0,62}`, `[\p{Ll}\p{Lo}\p{N}_-]{0,63}`

var labelKey, labelValue = regexp.MustCompile("^" + labelKeyRule + "$"), regexp.MustCompile("^" + labelValueRule + "$")

// Google's rules of labels name no reserved prefix, and tools put labels such as goog-terraform-provisioned on what they make.
func checkLabels(labels map[string]string) error {
	refuse := func(reason string) error {
		return invalid(`You have passed an invalid argument to the service (argument=Invalid labels: Invalid field "labels"; %s).`, reason)
	}
	if len(labels) > maxLabels {
		return refuse(fmt.Sprintf("%d labels exceed the maximum of %d", len(labels), maxLabels))
	}
	for key, value := range labels {
		switch {
		case !labelKey.MatchString(key):
			return refuse(fmt.Sprintf(`key "%s" does not conform to regular expression "%s"`, key, labelKeyRule) + firstCharacter(key))
		case !labelValue.MatchString(value):
			return refuse(fmt.Sprintf(`value "%s" does not conform to regular expression "%s"`, value, labelValueRule))
		}
	}
	return nil
}

func firstCharacter(key string) string {
	first, size := utf8.DecodeRuneInString(key)
	if size == 0 || labelKey.MatchString(string(first)) {
		return ""
	}
	return fmt.Sprintf(`; first character "%c" is not a non-uppercased letter (Unicode character class Ll or Lo)`, first)
}

// applyMask copies the fields that the mask names from update into target, after looking at each of its paths.
//
// immutable: first segments of paths that the service refuses to change.
func applyMask(target, update proto.Message, mask *fieldmaskpb.FieldMask, immutable map[string]bool) error {
	kind := string(target.ProtoReflect().Descriptor().Name())
	if len(mask.GetPaths()) == 0 {
		return invalid("The update_mask in the Update%sRequest must be set, and must contain a non-empty paths list.", kind)
	}
	for _, path := range mask.Paths {
		if _, err := fieldmaskpb.New(target, path); err != nil {
			return invalid("Invalid update_mask provided in the Update%[1]sRequest: '%[2]s' is not a known %[1]s field. "+
				"Note that field paths must be of the form 'push_config' rather than 'pushConfig'.", kind, path)
		}
		first, _, _ := strings.Cut(path, ".")
		if immutable[first] {
			return invalid("Invalid update_mask provided in the Update%[1]sRequest: the '%[2]s' field in the %[1]s is not mutable.", kind, path)
		}
		copyPath(target.ProtoReflect(), update.ProtoReflect(), path)
	}
	return nil
}

func copyPath(target, update protoreflect.Message, path string) {
	name, rest, nested := strings.Cut(path, ".")
	field := target.Descriptor().Fields().ByName(protoreflect.Name(name))
	switch {
	case nested:
		copyPath(target.Mutable(field).Message(), update.Get(field).Message(), rest)
	case update.Has(field):
		target.Set(field, update.Get(field))
	default:
		target.Clear(field)
	}
}
