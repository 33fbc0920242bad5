// How many single messages a second each endpoint takes: go test -run '^$' -bench Publish

package main

import (
	"sync/atomic"
	"testing"

	pb "cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
)

func benchmarkPublish(b *testing.B, client clients, parallel int) {
	if _, err := client.topics.CreateTopic(as(b, "serviceAccount:owner@demo"), topicOf(topicA)); err != nil {
		b.Fatal(err)
	}
	data := make([]byte, 500)
	var failed atomic.Pointer[error]
	b.SetParallelism(parallel)
	b.ResetTimer()
	b.RunParallel(func(loop *testing.PB) {
		ctx := as(b, "serviceAccount:owner@demo")
		for loop.Next() {
			message := &pb.PubsubMessage{Data: data, OrderingKey: "k"}
			if _, err := client.topics.Publish(ctx, &pb.PublishRequest{Topic: topicA, Messages: []*pb.PubsubMessage{message}}); err != nil {
				failed.Store(&err)
			}
		}
	})
	if err := failed.Load(); err != nil {
		b.Fatal(*err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}

func BenchmarkPublishPlain(b *testing.B) { benchmarkPublish(b, start(b).plainClients(b), 16) }

func BenchmarkPublishTLS(b *testing.B) { benchmarkPublish(b, start(b).tlsClients(b), 16) }
