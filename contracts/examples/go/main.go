// Publishes an order, its shipment and a refund application, and reads the outcomes: with franz-go.
package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

const source = "shop/example-go" // who you are; ids need be unique within it only

type data map[string]any

type event struct {
	topic, kind string
	data        data
}

func cny(minor int) data { return data{"minor": minor, "currency": "CNY"} }

// story is two cups at 49.00 and 6.00 of freight, paid and sent off; one did not arrive.
func story(order string) []event {
	about := func(fields data) data {
		fields["shop_id"], fields["order_id"] = "shop-1", order
		return fields
	}
	line := data{
		"line_id": "1", "product_id": "cup", "sku_id": "cup-blue", "quantity_count": 2,
		"unit_price": cny(4900), "freight_terms": "buyer_pays",
	}
	return []event{
		{"shop.orders.v1", "shop.order.placed.v1", about(data{
			"customer_id": "customer-1", "seller_type": "c_shop", "platform_code": "taobao",
			"lines": []data{line}, "freight": cny(600), "total": cny(10400),
		})},
		{"shop.orders.v1", "shop.order.paid.v1", about(data{
			"payments":    []data{{"payment_id": order + "-pay", "method": "alipay", "amount": cny(10400)}},
			"paid_amount": cny(10400),
		})},
		{"shop.shipments.v1", "shop.parcel.registered.v1", about(data{
			"parcel_id": order + "-parcel", "direction": "outbound", "freight_payer": "sender",
			"tracking": data{"carrier_code": "sf", "tracking_code": "SF-" + order},
			"lines":    []data{{"line_id": "1", "quantity_count": 2}},
		})},
		{"shop.orders.v1", "shop.order.shipped.v1", about(data{
			"delivery_kind": "express", "parcel_ids": []string{order + "-parcel"},
		})},
		{"shop.aftersales.v1", "shop.refund.applied.v1", about(data{
			"refund_id": order + "-refund", "terms_version": 1, "kind": "not_received", "reason_code": "missing",
			"lines":  []data{{"line_id": "1", "quantity_count": 1, "amount": cny(4900)}},
			"amount": cny(4900),
		})},
	}
}

func record(one event, order string, happenedAt time.Time) (*kgo.Record, error) {
	value, err := json.Marshal(one.data)
	attributes := [][2]string{
		{"ce_specversion", "1.0"},
		{"ce_id", newID()},
		{"ce_source", source},
		{"ce_type", one.kind},
		{"ce_time", happenedAt.UTC().Format(time.RFC3339Nano)},
		{"ce_subject", order},
		{"content-type", "application/json"},
	}
	headers := make([]kgo.RecordHeader, 0, len(attributes))
	for _, pair := range attributes {
		headers = append(headers, kgo.RecordHeader{Key: pair[0], Value: []byte(pair[1])})
	}
	// The key is the subject: without it the record is refused. franz-go hashes it as Java does.
	return &kgo.Record{Topic: one.topic, Key: []byte(order), Headers: headers, Value: value}, err
}

func publish(ctx context.Context, brokers []string, order string) error {
	// Idempotence and all acknowledgements are the defaults; they keep the order of one key through retries.
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...))
	if err != nil {
		return err
	}
	defer client.Close()
	happenedAt := time.Now().Add(-10 * time.Minute)
	for _, one := range story(order) {
		happenedAt = happenedAt.Add(time.Minute)
		made, err := record(one, order, happenedAt)
		if err != nil {
			return err
		}
		if err := client.ProduceSync(ctx, made).FirstErr(); err != nil {
			return err
		}
		fmt.Println("published", one.kind)
	}
	return nil
}

// readOutcomes prints what is announced about the order until its refund is opened or turned down.
func readOutcomes(ctx context.Context, brokers []string, order string) (bool, error) {
	// A reader that must miss nothing has a group of its own and commits what it has finished.
	client, err := kgo.NewClient(
		kgo.SeedBrokers(brokers...),
		kgo.ConsumeTopics("aftersales.refunds.v1"),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
	)
	if err != nil {
		return false, err
	}
	defer client.Close()
	for {
		fetches := client.PollFetches(ctx)
		if err := ctx.Err(); err != nil {
			return false, fmt.Errorf("nothing about %s: %w", order, err)
		}
		for _, failed := range fetches.Errors() {
			return false, failed.Err
		}
		for _, read := range fetches.Records() {
			if string(read.Key) != order {
				continue
			}
			headers := map[string]string{}
			for _, header := range read.Headers {
				headers[header.Key] = string(header.Value)
			}
			var outcome struct {
				RefundID   string `json:"refund_id"`
				AnswerByAt string `json:"answer_by_at"`
				ReasonCode string `json:"reason_code"`
			}
			if err := json.Unmarshal(read.Value, &outcome); err != nil {
				return false, err
			}
			fmt.Println("read", headers["ce_type"], headers["ce_id"])
			switch headers["ce_type"] {
			case "aftersales.refund.opened.v1":
				fmt.Printf("opened: %s, answer by %s\n", outcome.RefundID, outcome.AnswerByAt)
				return true, nil
			case "aftersales.application.rejected.v1":
				fmt.Printf("rejected: %s\n", outcome.ReasonCode)
				return false, nil
			}
		}
	}
}

func newID() string {
	raw := make([]byte, 16)
	_, _ = rand.Read(raw) // never fails
	return hex.EncodeToString(raw)
}

func run() (bool, error) {
	bootstrap := os.Getenv("KAFKA_BOOTSTRAP")
	if bootstrap == "" {
		bootstrap = "127.0.0.1:9092"
	}
	brokers := strings.Split(bootstrap, ",")
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	order := "order-" + newID()[:12]
	if err := publish(ctx, brokers, order); err != nil {
		return false, err
	}
	return readOutcomes(ctx, brokers, order)
}

func main() {
	isOpened, err := run()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	if !isOpened {
		os.Exit(1)
	}
}
