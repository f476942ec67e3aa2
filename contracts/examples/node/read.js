// Reads what is announced about an order until its refund is opened or turned down: node read.js ORDER
const { randomUUID } = require('node:crypto');
const { Kafka, logLevel } = require('kafkajs');

const brokers = (process.env.KAFKA_BOOTSTRAP || '127.0.0.1:9092').split(',');
const order = process.argv[2];

async function main() {
  const kafka = new Kafka({ clientId: 'example-node', brokers, logLevel: logLevel.ERROR });
  // A reader that must miss nothing keeps one group id for good; this one reads from the start each time.
  const consumer = kafka.consumer({ groupId: `example-node-${randomUUID()}` });
  await consumer.connect();
  await consumer.subscribe({ topic: 'aftersales.refunds.v1', fromBeginning: true });
  const isOpened = await new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error(`nothing about ${order} within 60 s`)), 60_000).unref();
    consumer.run({
      eachMessage: async ({ message }) => {
        if (message.key?.toString() !== order) return;
        const type = message.headers.ce_type.toString();
        const outcome = JSON.parse(message.value.toString());
        console.log('read', type, message.headers.ce_id.toString());
        if (type === 'aftersales.refund.opened.v1') {
          console.log(`opened: ${outcome.refund_id}, answer by ${outcome.answer_by_at}`);
          resolve(true);
        } else if (type === 'aftersales.application.rejected.v1') {
          console.log(`rejected: ${outcome.reason_code}`);
          resolve(false);
        }
      },
    }).catch(reject);
  });
  await consumer.disconnect();
  process.exit(isOpened ? 0 : 1);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
