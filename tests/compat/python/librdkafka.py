# librdkafka by its own Python client, see client_server.py. This version's binding has no metadata of commits, and
# cannot delete records or groups.

import sys
import uuid

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewPartitions, NewTopic

from client_server import Member, encoded, serve, text


def seen(message):
    if message.error() is not None:
        raise KafkaException(message.error())
    return {
        'partition': message.partition(),
        'offset': message.offset(),
        'timestamp': message.timestamp()[1],
        'key': text(message.key()),
        'value': text(message.value()),
        'headers': {name: text(value) for name, value in message.headers() or []},
    }


class GroupMember(Member):
    def __init__(self, number, settings, topic):
        super().__init__(number)
        self.consumer = Consumer(settings)
        self.owned = set()
        self.consumer.subscribe([topic], on_assign=self.on_assign, on_revoke=self.on_revoke)

    def on_assign(self, consumer, partitions):
        self.owned |= {one.partition for one in partitions}
        self.assigned(self.owned)

    def on_revoke(self, consumer, partitions):
        self.owned -= {one.partition for one in partitions}

    # One by one: where a rebalance comes while consume() gathers many, this version drops what it has gathered.
    def poll(self):
        found = []
        message = self.consumer.poll(0.1)
        while message is not None:
            found.append(seen(message))
            message = self.consumer.poll(0) if len(found) < 50 else None
        return found

    def commit(self):
        try:
            self.consumer.commit(asynchronous=False)
        except KafkaException as error:  # Late: the partition is another's now, which reads it again.
            sys.stderr.write('commit: %r\n' % error)

    def end(self):
        self.consumer.close()


class Client:
    def __init__(self, address):
        self.common = {'bootstrap.servers': address, 'broker.address.family': 'v4',
                       'reconnect.backoff.max.ms': 500, 'topic.metadata.refresh.fast.interval.ms': 100,
                       'topic.metadata.refresh.interval.ms': 1000}
        self.producers = {}
        self.admin = AdminClient(self.common)

    def produce(self, topic, records, codec='none', isIdempotent=False):
        producer = self.producer(codec, isIdempotent)
        failures = []

        def delivered(error, message):
            if error is not None:
                failures.append(error)

        for one in records:
            place = {'partition': one['partition']} if 'partition' in one else {}
            producer.produce(
                topic, key=encoded(one['key']), value=encoded(one['value']), on_delivery=delivered,
                headers=[(name, encoded(value)) for name, value in one.get('headers', {}).items()],
                timestamp=one.get('timestamp', 0), **place)
        left = producer.flush(60)
        if failures or left:
            raise RuntimeError('%d failed, %d left: %r' % (len(failures), left, failures[:1]))

    def producer(self, codec, is_idempotent):
        key = (codec, is_idempotent)
        if key not in self.producers:
            self.producers[key] = Producer({
                **self.common, 'compression.type': codec, 'enable.idempotence': is_idempotent, 'acks': 'all',
                'linger.ms': 5, 'message.max.bytes': 8 * 1024 * 1024})
        return self.producers[key]

    def read(self, topic, partition, start, count):
        consumer = Consumer({
            **self.common, 'group.id': 'read-%s' % uuid.uuid4(), 'enable.auto.commit': False,
            'auto.offset.reset': 'error', 'fetch.wait.max.ms': 100})
        try:
            consumer.assign([TopicPartition(topic, partition, self.offset_of(consumer, topic, partition, start))])
            found = []
            while len(found) < count:
                found += [seen(one) for one in consumer.consume(count - len(found), timeout=0.2)]
            return found
        finally:
            consumer.close()

    def offset_of(self, consumer, topic, partition, start):
        if start == 'first':
            return -2
        if 'offset' in start:
            return start['offset']
        if 'last' in start:
            return consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)[1] - start['last']
        return consumer.offsets_for_times([TopicPartition(topic, partition, start['time'])], timeout=10)[0].offset

    def join(self, member, group, topic, instanceId=None, assignor='cooperative-sticky', protocol='classic'):
        static = {} if instanceId is None else {'group.instance.id': instanceId}
        return GroupMember(member, {
            **self.common, **static, 'group.id': group, 'auto.offset.reset': 'earliest',
            'enable.auto.commit': False, 'session.timeout.ms': 10000, 'heartbeat.interval.ms': 200,
            'fetch.wait.max.ms': 100, 'partition.assignment.strategy': assignor}, topic)

    def commit(self, group, topic, partition, offset, metadata):
        consumer = Consumer({**self.common, 'group.id': group})
        done = consumer.commit(offsets=[TopicPartition(topic, partition, offset)], asynchronous=False)
        consumer.close()
        if done[0].error is not None:
            raise KafkaException(done[0].error)

    def committed(self, group, topic, partition):
        consumer = Consumer({**self.common, 'group.id': group})
        found = consumer.committed([TopicPartition(topic, partition)], timeout=10)[0]
        consumer.close()
        return {'metadata': ''} if found.offset < 0 else {'offset': found.offset, 'metadata': ''}

    def createTopic(self, topic, partitions, configs):
        self.one(self.admin.create_topics([NewTopic(topic, partitions, 1, config=configs)]))

    def partitionCount(self, topic):
        return len(self.admin.list_topics(topic, timeout=10).topics[topic].partitions)

    def topics(self):
        return list(self.admin.list_topics(timeout=10).topics)

    def deleteTopic(self, topic):
        self.one(self.admin.delete_topics([topic]))

    def addPartitions(self, topic, total):
        self.one(self.admin.create_partitions([NewPartitions(topic, total)]))

    def configs(self, topic):
        found = self.one(self.admin.describe_configs([ConfigResource('topic', topic)]))
        return {name: entry.value for name, entry in found.items()}

    def alterConfigs(self, topic, configs):
        self.one(self.admin.alter_configs([ConfigResource('topic', topic, set_config=configs)]))

    def groups(self):
        return [group.id for group in self.admin.list_groups(timeout=10)]

    def groupState(self, group):
        found = self.admin.list_groups(group, timeout=10)[0]
        return {'state': found.state, 'members': len(found.members)}

    def one(self, futures):
        return list(futures.values())[0].result(timeout=30)


serve(Client(sys.argv[1]))
