// A Kafka client on Debian's sarama, told what to do by lines of JSON as ../python/client_server.py is:
//
//	{"id": 1, "method": "produce", "params": {...}} -> {"id": 1, "result": ...} or {"id": 1, "error": "..."}
//
// Members of groups speak unasked: {"member": 1, "records": [...]} and {"member": 1, "partitions": [...]}.
// This version has no static members, and cannot delete groups.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"sort"
	"sync"
	"time"

	"github.com/Shopify/sarama"
)

type record struct {
	Partition *int32             `json:"partition,omitempty"`
	Offset    int64              `json:"offset"`
	Timestamp *int64             `json:"timestamp,omitempty"`
	Key       *string            `json:"key"`
	Value     *string            `json:"value"`
	Headers   map[string]*string `json:"headers"`
}

// What any of the methods is asked with.
type params struct {
	Topic        string            `json:"topic"`
	Records      []record          `json:"records"`
	Codec        string            `json:"codec"`
	IsIdempotent bool              `json:"isIdempotent"`
	Partition    int32             `json:"partition"`
	Start        json.RawMessage   `json:"start"`
	Count        int               `json:"count"`
	Member       int               `json:"member"`
	Group        string            `json:"group"`
	Assignor     string            `json:"assignor"`
	Offset       int64             `json:"offset"`
	Metadata     string            `json:"metadata"`
	Partitions   int32             `json:"partitions"`
	Configs      map[string]string `json:"configs"`
	Total        int32             `json:"total"`
	Before       int64             `json:"before"`
}

type asked struct {
	ID     int    `json:"id"`
	Method string `json:"method"`
	Params params `json:"params"`
}

type client struct {
	address   string
	mu        sync.Mutex
	producers map[string]sarama.SyncProducer
	members   map[int]*member
}

var (
	out   = json.NewEncoder(os.Stdout)
	outMu sync.Mutex
)

func say(line interface{}) {
	outMu.Lock()
	defer outMu.Unlock()
	_ = out.Encode(line)
}

func config() *sarama.Config {
	c := sarama.NewConfig()
	c.Version = sarama.V2_1_0_0 // The first with zstd.
	c.Metadata.Retry.Max = 60
	c.Metadata.Retry.Backoff = 100 * time.Millisecond
	c.Producer.Return.Successes = true
	c.Producer.RequiredAcks = sarama.WaitForAll
	c.Producer.MaxMessageBytes = 8 * 1024 * 1024
	c.Producer.Retry.Max = 100
	c.Producer.Retry.Backoff = 100 * time.Millisecond
	c.Consumer.Return.Errors = true
	c.Consumer.MaxWaitTime = 100 * time.Millisecond
	c.Consumer.Offsets.Initial = sarama.OffsetOldest
	return c
}

var codecs = map[string]sarama.CompressionCodec{
	"": sarama.CompressionNone, "none": sarama.CompressionNone, "gzip": sarama.CompressionGZIP,
	"snappy": sarama.CompressionSnappy, "lz4": sarama.CompressionLZ4, "zstd": sarama.CompressionZSTD,
}

func (c *client) producer(p params, isPlaced bool) (sarama.SyncProducer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	name := fmt.Sprint(p.Codec, p.IsIdempotent, isPlaced)
	if found := c.producers[name]; found != nil {
		return found, nil
	}
	settings := config()
	settings.Producer.Compression = codecs[p.Codec]
	settings.Producer.Idempotent = p.IsIdempotent
	if p.IsIdempotent {
		settings.Net.MaxOpenRequests = 1
	}
	if isPlaced {
		settings.Producer.Partitioner = sarama.NewManualPartitioner
	}
	made, err := sarama.NewSyncProducer([]string{c.address}, settings)
	if err == nil {
		c.producers[name] = made
	}
	return made, err
}

func encoder(text *string) sarama.Encoder {
	if text == nil {
		return nil
	}
	return sarama.StringEncoder(*text)
}

func (c *client) produce(p params) (interface{}, error) {
	placed := len(p.Records) > 0 && p.Records[0].Partition != nil
	producer, err := c.producer(p, placed)
	if err != nil {
		return nil, err
	}
	messages := make([]*sarama.ProducerMessage, len(p.Records))
	for at, one := range p.Records {
		m := &sarama.ProducerMessage{Topic: p.Topic, Key: encoder(one.Key), Value: encoder(one.Value)}
		if one.Partition != nil {
			m.Partition = *one.Partition
		}
		if one.Timestamp != nil {
			m.Timestamp = time.Unix(0, *one.Timestamp*int64(time.Millisecond))
		}
		for name, value := range one.Headers {
			m.Headers = append(m.Headers, sarama.RecordHeader{Key: []byte(name), Value: []byte(*value)})
		}
		messages[at] = m
	}
	err = producer.SendMessages(messages)
	if failures, isOfEach := err.(sarama.ProducerErrors); isOfEach {
		return nil, fmt.Errorf("%d failed, the first: %w", len(failures), failures[0].Err)
	}
	return nil, err
}

func text(bytes []byte) *string {
	if bytes == nil {
		return nil
	}
	made := string(bytes)
	return &made
}

func seen(m *sarama.ConsumerMessage) record {
	headers := map[string]*string{}
	for _, header := range m.Headers {
		headers[string(header.Key)] = text(header.Value)
	}
	at := m.Timestamp.UnixNano() / int64(time.Millisecond)
	partition := m.Partition
	return record{&partition, m.Offset, &at, text(m.Key), text(m.Value), headers}
}

func (c *client) offsetOf(from sarama.Client, p params) (int64, error) {
	var start struct{ Last, Offset, Time *int64 }
	if string(p.Start) == `"first"` {
		return sarama.OffsetOldest, nil
	}
	if err := json.Unmarshal(p.Start, &start); err != nil {
		return 0, err
	}
	switch {
	case start.Offset != nil:
		return *start.Offset, nil
	case start.Time != nil:
		return from.GetOffset(p.Topic, p.Partition, *start.Time)
	}
	end, err := from.GetOffset(p.Topic, p.Partition, sarama.OffsetNewest)
	return end - *start.Last, err
}

func (c *client) read(p params) (interface{}, error) {
	from, err := sarama.NewClient([]string{c.address}, config())
	if err != nil {
		return nil, err
	}
	defer from.Close()
	offset, err := c.offsetOf(from, p)
	if err != nil {
		return nil, err
	}
	consumer, err := sarama.NewConsumerFromClient(from)
	if err != nil {
		return nil, err
	}
	reading, err := consumer.ConsumePartition(p.Topic, p.Partition, offset)
	if err != nil {
		return nil, err
	}
	defer reading.Close()
	found := []record{}
	for len(found) < p.Count {
		select {
		case m := <-reading.Messages():
			found = append(found, seen(m))
		case failure := <-reading.Errors():
			log.Print(failure) // It tries again, of itself.
		}
	}
	return found, nil
}

// A member of a group. What it marks is committed every 50 ms, and before its partitions go.
type member struct {
	number int
	group  sarama.ConsumerGroup
	stop   context.CancelFunc
	ended  chan struct{}
}

var assignors = map[string]sarama.BalanceStrategy{
	"": sarama.BalanceStrategyRange, "range": sarama.BalanceStrategyRange,
	"roundrobin": sarama.BalanceStrategyRoundRobin,
}

func (c *client) join(p params) (interface{}, error) {
	settings := config()
	settings.Consumer.Group.Rebalance.Strategy = assignors[p.Assignor]
	settings.Consumer.Group.Heartbeat.Interval = 200 * time.Millisecond
	settings.Consumer.Group.Rebalance.Retry.Max = 100
	settings.Consumer.Group.Rebalance.Retry.Backoff = 100 * time.Millisecond
	settings.Consumer.Offsets.CommitInterval = 50 * time.Millisecond
	group, err := sarama.NewConsumerGroup([]string{c.address}, p.Group, settings)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	m := &member{p.Member, group, stop, make(chan struct{})}
	c.mu.Lock()
	c.members[p.Member] = m
	c.mu.Unlock()
	go func() {
		for failure := range group.Errors() {
			log.Print("member: ", failure)
		}
	}()
	go func() {
		defer close(m.ended)
		for ctx.Err() == nil {
			if err := group.Consume(ctx, []string{p.Topic}, m); err != nil {
				log.Print("consume: ", err)
				time.Sleep(100 * time.Millisecond)
			}
		}
	}()
	return nil, nil
}

func (m *member) owns(partitions []int) {
	sort.Ints(partitions)
	say(map[string]interface{}{"member": m.number, "partitions": partitions})
}

func (m *member) Setup(session sarama.ConsumerGroupSession) error {
	owned := []int{}
	for _, partitions := range session.Claims() {
		for _, partition := range partitions {
			owned = append(owned, int(partition))
		}
	}
	m.owns(owned)
	return nil
}

func (m *member) Cleanup(sarama.ConsumerGroupSession) error { return nil }

func (m *member) ConsumeClaim(s sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for one := range claim.Messages() {
		say(map[string]interface{}{"member": m.number, "records": []record{seen(one)}})
		s.MarkMessage(one, "")
	}
	return nil
}

func (c *client) leave(p params) (interface{}, error) {
	c.mu.Lock()
	m := c.members[p.Member]
	delete(c.members, p.Member)
	c.mu.Unlock()
	if m == nil {
		return nil, errors.New("the member has left")
	}
	m.stop()
	<-m.ended
	return nil, m.group.Close()
}

func (c *client) commit(p params) (interface{}, error) {
	by, err := sarama.NewClient([]string{c.address}, config())
	if err != nil {
		return nil, err
	}
	defer by.Close()
	offsets, err := sarama.NewOffsetManagerFromClient(p.Group, by)
	if err != nil {
		return nil, err
	}
	place, err := offsets.ManagePartition(p.Topic, p.Partition)
	if err != nil {
		return nil, err
	}
	place.MarkOffset(p.Offset, p.Metadata)  // Where it is ahead,
	place.ResetOffset(p.Offset, p.Metadata) // and where it is behind.
	if err := place.Close(); err != nil {
		return nil, err
	}
	return nil, offsets.Close()
}

func (c *client) admin() (sarama.ClusterAdmin, error) {
	return sarama.NewClusterAdmin([]string{c.address}, config())
}

func (c *client) committed(p params) (interface{}, error) {
	admin, err := c.admin()
	if err != nil {
		return nil, err
	}
	defer admin.Close()
	found, err := admin.ListConsumerGroupOffsets(p.Group, map[string][]int32{p.Topic: {p.Partition}})
	if err != nil {
		return nil, err
	}
	block := found.GetBlock(p.Topic, p.Partition)
	if block == nil || block.Offset < 0 {
		return map[string]string{"metadata": ""}, nil
	}
	return map[string]interface{}{"offset": block.Offset, "metadata": block.Metadata}, nil
}

func (c *client) administer(method string, p params) (interface{}, error) {
	admin, err := c.admin()
	if err != nil {
		return nil, err
	}
	defer admin.Close()
	configs := map[string]*string{}
	for name := range p.Configs {
		value := p.Configs[name]
		configs[name] = &value
	}
	switch method {
	case "createTopic":
		detail := &sarama.TopicDetail{NumPartitions: p.Partitions, ReplicationFactor: 1, ConfigEntries: configs}
		return nil, admin.CreateTopic(p.Topic, detail, false)
	case "partitionCount":
		found, err := admin.DescribeTopics([]string{p.Topic})
		if err != nil {
			return nil, err
		}
		return len(found[0].Partitions), nil
	case "topics":
		found, err := admin.ListTopics()
		names := []string{}
		for name := range found {
			names = append(names, name)
		}
		return names, err
	case "deleteTopic":
		return nil, admin.DeleteTopic(p.Topic)
	case "addPartitions":
		return nil, admin.CreatePartitions(p.Topic, p.Total, nil, false)
	case "configs":
		entries, err := admin.DescribeConfig(sarama.ConfigResource{Type: sarama.TopicResource, Name: p.Topic})
		found := map[string]string{}
		for _, entry := range entries {
			found[entry.Name] = entry.Value
		}
		return found, err
	case "alterConfigs":
		return nil, admin.AlterConfig(sarama.TopicResource, p.Topic, configs, false)
	case "deleteRecords":
		return nil, admin.DeleteRecords(p.Topic, map[int32]int64{p.Partition: p.Before})
	case "groups":
		found, err := admin.ListConsumerGroups()
		names := []string{}
		for name := range found {
			names = append(names, name)
		}
		return names, err
	case "groupState":
		found, err := admin.DescribeConsumerGroups([]string{p.Group})
		if err != nil {
			return nil, err
		}
		return map[string]interface{}{"state": found[0].State, "members": len(found[0].Members)}, nil
	}
	return nil, fmt.Errorf("%s is not there", method)
}

func (c *client) answer(line asked) (interface{}, error) {
	switch line.Method {
	case "produce":
		return c.produce(line.Params)
	case "read":
		return c.read(line.Params)
	case "join":
		return c.join(line.Params)
	case "leave":
		return c.leave(line.Params)
	case "commit":
		return c.commit(line.Params)
	case "committed":
		return c.committed(line.Params)
	}
	return c.administer(line.Method, line.Params)
}

// Until standard input ends.
func main() {
	c := &client{address: os.Args[1], producers: map[string]sarama.SyncProducer{}, members: map[int]*member{}}
	lines := bufio.NewReader(os.Stdin)
	for {
		bytes, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var line asked
		if err := json.Unmarshal(bytes, &line); err != nil {
			log.Fatal(err)
		}
		go func() {
			if result, err := c.answer(line); err != nil {
				say(map[string]interface{}{"id": line.ID, "error": err.Error()})
			} else {
				say(map[string]interface{}{"id": line.ID, "result": result})
			}
		}()
	}
}
