#!/usr/bin/env bash
# Publishes an order, its shipment and a refund application, and reads the outcomes: with kcat.
set -euo pipefail

bootstrap="${KAFKA_BOOTSTRAP:-127.0.0.1:9092}"
order="order-$(date +%s)-$RANDOM"
number=0

# publish TOPIC TYPE DATA: data on one line. Java's partitioner, so that a key stays where others put it.
publish() {
  number=$((number + 1))
  printf '%s' "$3" | kcat -P -b "$bootstrap" -t "$1" -k "$order" \
    -X enable.idempotence=true -X topic.partitioner=murmur2_random \
    -H "ce_specversion=1.0" \
    -H "ce_id=$order-$number" \
    -H "ce_source=shop/example-kcat" \
    -H "ce_type=$2" \
    -H "ce_time=$(date -u +%Y-%m-%dT%H:%M:%SZ)" \
    -H "ce_subject=$order" \
    -H "content-type=application/json"
  echo "published $2"
}

about="\"shop_id\":\"shop-1\",\"order_id\":\"$order\""
cny() { printf '{"minor":%s,"currency":"CNY"}' "$1"; }

# Two cups at 49.00 and 6.00 of freight, paid and sent off; one cup did not arrive.
publish shop.orders.v1 shop.order.placed.v1 "{$about,\"customer_id\":\"customer-1\",\"seller_type\":\"c_shop\",\
\"platform_code\":\"taobao\",\"lines\":[{\"line_id\":\"1\",\"product_id\":\"cup\",\"sku_id\":\"cup-blue\",\
\"quantity_count\":2,\"unit_price\":$(cny 4900),\"freight_terms\":\"buyer_pays\"}],\
\"freight\":$(cny 600),\"total\":$(cny 10400)}"
publish shop.orders.v1 shop.order.paid.v1 "{$about,\"payments\":[{\"payment_id\":\"$order-pay\",\
\"method\":\"alipay\",\"amount\":$(cny 10400)}],\"paid_amount\":$(cny 10400)}"
publish shop.shipments.v1 shop.parcel.registered.v1 "{$about,\"parcel_id\":\"$order-parcel\",\
\"direction\":\"outbound\",\"tracking\":{\"carrier_code\":\"sf\",\"tracking_code\":\"SF-$order\"},\
\"lines\":[{\"line_id\":\"1\",\"quantity_count\":2}],\"freight_payer\":\"sender\"}"
publish shop.orders.v1 shop.order.shipped.v1 "{$about,\"delivery_kind\":\"express\",\
\"parcel_ids\":[\"$order-parcel\"]}"
publish shop.aftersales.v1 shop.refund.applied.v1 "{$about,\"refund_id\":\"$order-refund\",\"terms_version\":1,\
\"kind\":\"not_received\",\"reason_code\":\"missing\",\
\"lines\":[{\"line_id\":\"1\",\"quantity_count\":1,\"amount\":$(cny 4900)}],\"amount\":$(cny 4900)}"

# Reads to the end of the topic, again and again, until the refund is opened or turned down.
for _ in $(seq 60); do
  outcomes="$(kcat -C -q -e -b "$bootstrap" -t aftersales.refunds.v1 -o beginning -f '%k %h %s\n' |
    grep "^$order " || true)"
  if grep -q 'ce_type=aftersales.refund.opened.v1' <<<"$outcomes"; then
    echo "$outcomes"
    echo "opened: $order-refund"
    exit 0
  fi
  if grep -q 'ce_type=aftersales.application.rejected.v1' <<<"$outcomes"; then
    echo "$outcomes"
    echo "rejected"
    exit 1
  fi
  sleep 1
done
echo "nothing about $order within 60 s" >&2
exit 1
