package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

//go:embed purchases.csv
var purchasesCSV string

// A purchase is one line of the source.
type purchase struct {
	row
	ID, Email string // empty: the cell is empty
}

// purchaseStep creates each purchase in Connectif, and not more than once: each purchase
// starts workflows.
func purchaseStep(c *client.Client, purchases []purchase, workers int) step {
	return step{name: stepPurchases, workers: workers, records: func() []record {
		var records []record
		for _, one := range purchases {
			body := one.body()
			records = append(records, record{one.Line, one.ID, body, func(ctx context.Context) error {
				return sendPurchase(ctx, c, one, body)
			}})
		}
		return records
	}}
}

// sendPurchase creates a purchase. If its contact does not exist, it creates the contact
// and then the purchase.
func sendPurchase(ctx context.Context, c *client.Client, one purchase, body any) error {
	err := createPurchase(ctx, c, body)
	if e, ok := errors.AsType[*apierrors.Error](err); !ok || e.Code != "E0101" {
		return err
	}
	if err := createContact(ctx, c, one); err != nil {
		return err
	}
	return createPurchase(ctx, c, body)
}

// createPurchase creates a purchase. If it is in doubt whether Connectif did, the client looks it
// up.
func createPurchase(ctx context.Context, c *client.Client, body any) error {
	_, err := client.Do[struct{}](ctx, c, client.Call{
		Method:  http.MethodPost,
		Path:    "/purchases/",
		Body:    body,
		Options: client.CallOptions{Op: "purchases.create", Lookup: purchaseLookup()},
	})
	return unlessExecuted(err)
}

// purchaseLookup is that of Connectif's data, and says what no document does: when a purchase that
// is not found was not created. A job that does not know that leaves the last line out; then a
// purchase that is not found stays in doubt.
func purchaseLookup() *policy.Lookup {
	return &policy.Lookup{
		Path: "/purchases/purchase-id/{body.purchaseId}", At: "/purchaseId", Is: "{body.purchaseId}",
		Consistent: true, Settle: settle,
	}
}

// settle is how long the fakes may still execute a request whose connection is gone.
const settle = 500 * time.Millisecond

func createContact(ctx context.Context, c *client.Client, one purchase) error {
	_, err := client.Do[struct{}](ctx, c, client.Call{
		Method:  http.MethodPatch,
		Path:    "/contacts/" + url.PathEscape(one.Email),
		Body:    map[string]any{"_name": one.Cells["name"]},
		Options: client.CallOptions{Op: "contacts.create"},
	})
	return err
}

// body returns the purchase in Connectif's form. An empty cell is no field.
func (p purchase) body() map[string]any {
	product := fields{}
	product.set("productId", p.Cells["product"])
	product.set("quantity", p.Cells["quantity"])
	product.set("unitPrice", p.Cells["unit_price"])
	product.set("productDetailUrl", p.Cells["page"])
	body := fields{"products": []fields{product}}
	body.set("purchaseId", p.ID)
	body.set("contactEmail", p.Email)
	return body
}

// fields are the members of a JSON object.
type fields map[string]any

// set adds a cell. It adds a cell of digits as a number, and does not add an empty one.
func (f fields) set(name, cell string) {
	number, err := strconv.ParseFloat(cell, 64)
	switch {
	case cell == "":
	case err == nil:
		f[name] = number
	default:
		f[name] = cell
	}
}

// readPurchases reads the source. It refuses an id that occurs twice, as Connectif would
// create two purchases.
func readPurchases(name string, r io.Reader) ([]purchase, error) {
	rows, err := readRows(name, r, "purchase_id")
	if err != nil {
		return nil, err
	}
	var purchases []purchase
	seen := map[string]bool{}
	for _, row := range rows {
		p := purchase{row: row, ID: row.Cells["purchase_id"], Email: row.Cells["email"]}
		if seen[p.ID] && p.ID != "" {
			return nil, fmt.Errorf("%s:%d: purchase %s occurs twice", name, row.Line, p.ID)
		}
		seen[p.ID] = true
		purchases = append(purchases, p)
	}
	return purchases, nil
}
