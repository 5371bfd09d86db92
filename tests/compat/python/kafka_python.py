# kafka-python, see client_server.py. It has no static members, no idempotent producer, and cannot delete records.

import sys
import uuid

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions, NewTopic
from kafka.consumer.subscription_state import ConsumerRebalanceListener
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from kafka.structs import OffsetAndMetadata

from client_server import Member, encoded, serve, text

MIB = 1024 * 1024
# The sticky one of this version fails when it joins for the second time: a TypeError in its own encoding.
ASSIGNORS = [RangePartitionAssignor, RoundRobinPartitionAssignor]


def seen(record):
    return {
        'partition': record.partition,
        'offset': record.offset,
        'timestamp': record.timestamp,
        'key': text(record.key),
        'value': text(record.value),
        'headers': {name: text(value) for name, value in record.headers},
    }


class GroupMember(Member, ConsumerRebalanceListener):
    def __init__(self, number, address, group, topic, assignor):
        super().__init__(number)
        assignors = [one for one in ASSIGNORS if one.name == assignor or assignor is None]
        self.consumer = KafkaConsumer(
            bootstrap_servers=address, group_id=group, auto_offset_reset='earliest', enable_auto_commit=False,
            session_timeout_ms=10000, heartbeat_interval_ms=200, fetch_max_wait_ms=100, max_poll_records=50,
            metadata_max_age_ms=1000, partition_assignment_strategy=assignors)
        wanted = {'pattern': topic} if topic.startswith('^') else {'topics': [topic]}
        self.consumer.subscribe(**wanted, listener=self)

    def on_partitions_revoked(self, revoked):
        pass

    def on_partitions_assigned(self, assigned):
        self.assigned([one.partition for one in assigned])

    def poll(self):
        return [seen(one) for records in self.consumer.poll(timeout_ms=100).values() for one in records]

    def commit(self):
        try:
            self.consumer.commit()
        except Exception as error:  # Late: the partition is another's now, which reads it again.
            sys.stderr.write('commit: %r\n' % error)

    def end(self):
        self.consumer.close(autocommit=False)


class Client:
    def __init__(self, address):
        self.address = address
        self.producers = {}
        self.last_admin = None

    @property
    def admin(self):
        # A new one for each call: after the broker was away one that knew it fails once.
        if self.last_admin is not None:
            self.last_admin.close()
        self.last_admin = KafkaAdminClient(bootstrap_servers=self.address)
        return self.last_admin

    def produce(self, topic, records, codec='none', isIdempotent=False):
        producer = self.producer(codec)
        sent = [
            producer.send(
                topic, key=encoded(one['key']), value=encoded(one['value']), partition=one.get('partition'),
                headers=[(name, encoded(value)) for name, value in one.get('headers', {}).items()],
                timestamp_ms=one.get('timestamp'))
            for one in records
        ]
        producer.flush()
        for one in sent:
            one.get(timeout=30)

    def producer(self, codec):
        if codec not in self.producers:
            self.producers[codec] = KafkaProducer(
                bootstrap_servers=self.address, acks='all', linger_ms=5, max_request_size=8 * MIB, retries=100,
                compression_type=None if codec == 'none' else codec)
        return self.producers[codec]

    def read(self, topic, partition, start, count):
        consumer = KafkaConsumer(
            bootstrap_servers=self.address, enable_auto_commit=False, fetch_max_wait_ms=100,
            auto_offset_reset='none', max_partition_fetch_bytes=8 * MIB)
        try:
            place = TopicPartition(topic, partition)
            consumer.assign([place])
            if start == 'first':
                consumer.seek_to_beginning(place)
            elif 'offset' in start:
                consumer.seek(place, start['offset'])
            elif 'last' in start:
                consumer.seek(place, consumer.end_offsets([place])[place] - start['last'])
            else:
                consumer.seek(place, consumer.offsets_for_times({place: start['time']})[place].offset)
            found = []
            while len(found) < count:
                for records in consumer.poll(timeout_ms=200, max_records=count - len(found)).values():
                    found += [seen(one) for one in records]
            return found
        finally:
            consumer.close()

    def join(self, member, group, topic, assignor=None, protocol='classic'):
        return GroupMember(member, self.address, group, topic, assignor)

    def commit(self, group, topic, partition, offset, metadata):
        consumer = self.lone_consumer(group)
        consumer.commit({TopicPartition(topic, partition): OffsetAndMetadata(offset, metadata)})
        consumer.close()

    def committed(self, group, topic, partition):
        consumer = self.lone_consumer(group)
        found = consumer.committed(TopicPartition(topic, partition), metadata=True)
        consumer.close()
        return {'metadata': ''} if found is None else {'offset': found.offset, 'metadata': found.metadata}

    def lone_consumer(self, group):
        return KafkaConsumer(bootstrap_servers=self.address, group_id=group, enable_auto_commit=False)

    def createTopic(self, topic, partitions, configs):
        self.admin.create_topics([NewTopic(topic, partitions, 1, topic_configs=configs)])

    def partitionCount(self, topic):
        return len(self.admin.describe_topics([topic])[0]['partitions'])

    def topics(self):
        return self.admin.list_topics()

    def deleteTopic(self, topic):
        self.admin.delete_topics([topic])

    def addPartitions(self, topic, total):
        self.admin.create_partitions({topic: NewPartitions(total)})

    def configs(self, topic):
        found = self.admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
        return {entry[0]: entry[1] for entry in found[0].resources[0][4]}

    def alterConfigs(self, topic, configs):
        answer = self.admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs=configs)])
        for code, problem, *_ in answer.resources:
            if code != 0:
                raise RuntimeError('%s: %s' % (code, problem))

    def groups(self):
        return [group for group, _ in self.admin.list_consumer_groups()]

    def groupState(self, group):
        found = self.admin.describe_consumer_groups([group])[0]
        return {'state': found.state, 'members': len(found.members)}

    def deleteGroup(self, group):
        for _, error in self.admin.delete_consumer_groups([group]):
            if error.errno != 0:
                raise RuntimeError(repr(error))


serve(Client(sys.argv[1]))
