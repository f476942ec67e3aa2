// Publishes an order, its shipment and a refund application, and prints the order id.
const { randomUUID } = require('node:crypto');
const { Kafka, logLevel } = require('kafkajs');

const brokers = (process.env.KAFKA_BOOTSTRAP || '127.0.0.1:9092').split(',');
const source = 'shop/example-node'; // who you are; ids need be unique within it only
const order = process.argv[2] || `order-${randomUUID().slice(0, 13)}`;
const cny = (minor) => ({ minor, currency: 'CNY' });
const about = { shop_id: 'shop-1', order_id: order };

// Two cups at 49.00 and 6.00 of freight, paid and sent off; one cup did not arrive.
const story = [
  ['shop.orders.v1', 'shop.order.placed.v1', {
    ...about,
    customer_id: 'customer-1',
    seller_type: 'c_shop',
    platform_code: 'taobao',
    lines: [{
      line_id: '1',
      product_id: 'cup',
      sku_id: 'cup-blue',
      quantity_count: 2,
      unit_price: cny(4900),
      freight_terms: 'buyer_pays',
    }],
    freight: cny(600),
    total: cny(10400),
  }],
  ['shop.orders.v1', 'shop.order.paid.v1', {
    ...about,
    payments: [{ payment_id: `${order}-pay`, method: 'alipay', amount: cny(10400) }],
    paid_amount: cny(10400),
  }],
  ['shop.shipments.v1', 'shop.parcel.registered.v1', {
    ...about,
    parcel_id: `${order}-parcel`,
    direction: 'outbound',
    tracking: { carrier_code: 'sf', tracking_code: `SF-${order}` },
    lines: [{ line_id: '1', quantity_count: 2 }],
    freight_payer: 'sender',
  }],
  ['shop.orders.v1', 'shop.order.shipped.v1', {
    ...about,
    delivery_kind: 'express',
    parcel_ids: [`${order}-parcel`],
  }],
  ['shop.aftersales.v1', 'shop.refund.applied.v1', {
    ...about,
    refund_id: `${order}-refund`,
    terms_version: 1,
    kind: 'not_received',
    reason_code: 'missing',
    lines: [{ line_id: '1', quantity_count: 1, amount: cny(4900) }],
    amount: cny(4900),
  }],
];

async function main() {
  const kafka = new Kafka({ clientId: 'example-node', brokers, logLevel: logLevel.ERROR });
  // Idempotence with one request at a time keeps the order of one key through retries.
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  let happenedAt = Date.now() - 10 * 60_000;
  for (const [topic, type, data] of story) {
    happenedAt += 60_000;
    await producer.send({
      topic,
      acks: -1,
      messages: [{
        key: order, // the subject: without it the record is refused
        value: JSON.stringify(data),
        headers: {
          ce_specversion: '1.0',
          ce_id: randomUUID(),
          ce_source: source,
          ce_type: type,
          ce_time: new Date(happenedAt).toISOString(),
          ce_subject: order,
          'content-type': 'application/json',
        },
      }],
    });
    console.error('published', type);
  }
  await producer.disconnect();
  console.log(order);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
