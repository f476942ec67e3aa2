// Publishes an order, its shipment and a refund application, and reads the outcomes: with kafka-clients.

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

public final class Example {
    private static final String BOOTSTRAP = System.getenv().getOrDefault("KAFKA_BOOTSTRAP", "127.0.0.1:9092");
    private static final String SOURCE = "shop/example-java"; // who you are; ids need be unique within it only
    private static final String OUTCOMES = "aftersales.refunds.v1";

    private record Event(String topic, String type, String data) {}

    /** Two cups at 49.00 and 6.00 of freight, paid and sent off; one did not arrive. */
    private static List<Event> story(String order) {
        return List.of(
            new Event("shop.orders.v1", "shop.order.placed.v1", """
                {"shop_id": "shop-1", "order_id": "ORDER", "customer_id": "customer-1", "seller_type": "c_shop",
                 "platform_code": "taobao",
                 "lines": [{"line_id": "1", "product_id": "cup", "sku_id": "cup-blue", "quantity_count": 2,
                            "unit_price": {"minor": 4900, "currency": "CNY"}, "freight_terms": "buyer_pays"}],
                 "freight": {"minor": 600, "currency": "CNY"}, "total": {"minor": 10400, "currency": "CNY"}}"""),
            new Event("shop.orders.v1", "shop.order.paid.v1", """
                {"shop_id": "shop-1", "order_id": "ORDER",
                 "payments": [{"payment_id": "ORDER-pay", "method": "alipay",
                               "amount": {"minor": 10400, "currency": "CNY"}}],
                 "paid_amount": {"minor": 10400, "currency": "CNY"}}"""),
            new Event("shop.shipments.v1", "shop.parcel.registered.v1", """
                {"shop_id": "shop-1", "order_id": "ORDER", "parcel_id": "ORDER-parcel", "direction": "outbound",
                 "tracking": {"carrier_code": "sf", "tracking_code": "SF-ORDER"},
                 "lines": [{"line_id": "1", "quantity_count": 2}], "freight_payer": "sender"}"""),
            new Event("shop.orders.v1", "shop.order.shipped.v1", """
                {"shop_id": "shop-1", "order_id": "ORDER", "delivery_kind": "express",
                 "parcel_ids": ["ORDER-parcel"]}"""),
            new Event("shop.aftersales.v1", "shop.refund.applied.v1", """
                {"shop_id": "shop-1", "order_id": "ORDER", "refund_id": "ORDER-refund", "terms_version": 1,
                 "kind": "not_received", "reason_code": "missing",
                 "lines": [{"line_id": "1", "quantity_count": 1, "amount": {"minor": 4900, "currency": "CNY"}}],
                 "amount": {"minor": 4900, "currency": "CNY"}}""")
        ).stream().map(event -> new Event(event.topic, event.type, event.data.replace("ORDER", order))).toList();
    }

    private static void publish(String order) throws Exception {
        // Idempotence keeps the order of one key through retries; it and all acknowledgements are the defaults.
        Map<String, Object> settings = Map.of(
            "bootstrap.servers", BOOTSTRAP, "acks", "all", "enable.idempotence", true);
        try (var producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
            Instant happenedAt = Instant.now().minus(Duration.ofMinutes(10));
            for (Event event : story(order)) {
                happenedAt = happenedAt.plus(Duration.ofMinutes(1));
                // The key is the subject: without it the record is refused.
                var record = new ProducerRecord<>(event.topic, order, event.data);
                Map<String, String> attributes = Map.of(
                    "ce_specversion", "1.0",
                    "ce_id", UUID.randomUUID().toString(),
                    "ce_source", SOURCE,
                    "ce_type", event.type,
                    "ce_time", happenedAt.toString(),
                    "ce_subject", order,
                    "content-type", "application/json");
                attributes.forEach((name, text) -> record.headers().add(name, text.getBytes(StandardCharsets.UTF_8)));
                producer.send(record).get();
                System.out.println("published " + event.type);
            }
        }
    }

    /** Prints what is announced about the order until its refund is opened or turned down. */
    private static boolean readOutcomes(String order) {
        // A reader that must miss nothing has a group.id of its own and commits what it has finished.
        Map<String, Object> settings = Map.of(
            "bootstrap.servers", BOOTSTRAP, "enable.auto.commit", false, "isolation.level", "read_committed");
        try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(OUTCOMES).stream()
                .map(each -> new TopicPartition(OUTCOMES, each.partition())).toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Instant end = Instant.now().plusSeconds(60);
            while (Instant.now().isBefore(end)) {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(500))) {
                    if (!order.equals(record.key())) {
                        continue;
                    }
                    String type = header(record, "ce_type");
                    System.out.println("read " + type + " " + header(record, "ce_id"));
                    if (type.equals("aftersales.refund.opened.v1")) {
                        String until = field(record.value(), "answer_by_at");
                        System.out.println("opened: " + field(record.value(), "refund_id") + ", answer by " + until);
                        return true;
                    }
                    if (type.equals("aftersales.application.rejected.v1")) {
                        System.out.println("rejected: " + field(record.value(), "reason_code"));
                        return false;
                    }
                }
            }
            System.err.println("nothing about " + order + " within 60 s");
            return false;
        }
    }

    private static String header(ConsumerRecord<String, String> record, String name) {
        return new String(record.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
    }

    /** A text field of the outcome; a program of yours has a library for JSON. */
    private static String field(String json, String name) {
        var found = Pattern.compile("\"" + name + "\"\\s*:\\s*\"([^\"]*)\"").matcher(json);
        return found.find() ? found.group(1) : "";
    }

    public static void main(String[] arguments) throws Exception {
        String order = "order-" + UUID.randomUUID().toString().substring(0, 12);
        publish(order);
        System.exit(readOutcomes(order) ? 0 : 1);
    }
}
