package testserver

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
)

// connectifShop is what a fake Connectif knows of a shop. The zero value is empty.
type connectifShop struct {
	ledger retrywisetest.Ledger // of purchases, by purchaseId

	mu        sync.Mutex                   // guards the fields below
	contacts  map[string]map[string]any    // the fields, by e-mail address
	products  map[string]bool              // by productId
	purchases map[string]connectifPurchase // the last one, by purchaseId
	made      int                          // purchases
	foreign   int                          // refusals of foreign domains
}

// A connectifPurchase is never changed.
type connectifPurchase struct {
	fields map[string]any
	at     time.Time
}

// AddContacts makes contacts known, as if the shop had created them before.
func (cf *Connectif) AddContacts(emails ...string) {
	for _, email := range emails {
		cf.shop.upsert(email, nil)
	}
}

// AddProducts makes products known by their productId.
func (cf *Connectif) AddProducts(ids ...string) {
	cf.shop.mu.Lock()
	defer cf.shop.mu.Unlock()
	if cf.shop.products == nil {
		cf.shop.products = map[string]bool{}
	}
	for _, id := range ids {
		cf.shop.products[id] = true
	}
}

// Contact returns the fields of the contact with this e-mail address.
func (cf *Connectif) Contact(email string) (fields map[string]any, ok bool) {
	cf.shop.mu.Lock()
	defer cf.shop.mu.Unlock()
	fields, ok = cf.shop.contacts[email]
	return maps.Clone(fields), ok
}

func (cf *Connectif) patchContact(c call) reply {
	payload, refusal, ok := connectifPayload(c)
	if !ok {
		return refusal
	}
	email := c.request.PathValue("email")
	if problems := connectifCheckContact(email, payload); len(problems) > 0 {
		return connectifInvalid(problems)
	}
	cf.shop.upsert(email, payload)
	return reply{status: http.StatusNoContent}
}

// upsert merges fields into a contact, which it makes if there is none.
func (s *connectifShop) upsert(email string, fields map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.contacts == nil {
		s.contacts = map[string]map[string]any{}
	}
	if s.contacts[email] == nil {
		s.contacts[email] = map[string]any{}
	}
	maps.Copy(s.contacts[email], fields)
}

func (cf *Connectif) postPurchase(c call) reply {
	payload, refusal, ok := connectifPayload(c)
	if !ok {
		return refusal
	}
	if problems := connectifCheckPurchase(payload); len(problems) > 0 {
		return connectifInvalid(problems)
	}
	return cf.shop.execute(payload, c.body)
}

// execute stores a purchase whose fields are valid, if what it refers to is known.
func (s *connectifShop) execute(payload map[string]any, body []byte) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	if refusal, ok := s.refer(payload); !ok {
		return refusal
	}
	s.made++
	now := time.Now()
	fields := maps.Clone(payload)
	fields["id"] = fmt.Sprintf("b%023x", s.made)
	fields["createdAt"], fields["updatedAt"] = connectifStamp(now), connectifStamp(now)
	id := payload["purchaseId"].(string)
	if s.purchases == nil {
		s.purchases = map[string]connectifPurchase{}
	}
	s.purchases[id] = connectifPurchase{fields, now}
	s.ledger.Record(id, body)
	return reply{status: http.StatusCreated, body: fields}
}

// refer checks the contact and the products of a purchase. The refusal is
// meant if ok is false.
func (s *connectifShop) refer(payload map[string]any) (refusal reply, ok bool) {
	email := payload["contactEmail"].(string)
	if s.contacts[email] == nil {
		return connectifRefuseCode("E0101", fmt.Sprintf("Contact %s does not exist.", email)), false
	}
	products := payload["products"].([]any)
	if ids := connectifProductsThat(products, s.isUnknown); ids != nil {
		return connectifError{
			Status:     http.StatusBadRequest,
			Detail:     fmt.Sprintf("Product %s does not exist.", strings.Join(ids, ", ")),
			Code:       "E0102",
			ProductIDs: ids,
		}.reply(), false
	}
	if ids := connectifProductsThat(products, connectifIsForeign); ids != nil {
		return s.refuseForeign(ids), false
	}
	return reply{}, true
}

// refuseForeign names the products in the field of the vendor's table and in
// the other one of its example, by turns.
func (s *connectifShop) refuseForeign(ids []string) reply {
	refusal := connectifError{
		Status:         http.StatusBadRequest,
		Detail:         fmt.Sprintf("Product %s had URL from non authorized domain.", strings.Join(ids, ", ")),
		Code:           "E0103",
		AllowedDomains: []string{ConnectifDomain},
	}
	s.foreign++
	if s.foreign%2 == 1 {
		refusal.ProductIDs = ids
	} else {
		refusal.ProductsID = ids
	}
	return refusal.reply()
}

func (s *connectifShop) isUnknown(product map[string]any) bool {
	return !s.products[product["productId"].(string)]
}

// connectifIsForeign tells whether the URL of a product, if it has one, is of
// another host than the authorized one.
func connectifIsForeign(product map[string]any) bool {
	text, given := product["productDetailUrl"].(string)
	if !given {
		return false
	}
	parsed, err := url.Parse(text)
	return err != nil || parsed.Hostname() != strings.TrimPrefix(ConnectifDomain, "http://")
}

// connectifProductsThat returns the ids of the products that is is true for.
func connectifProductsThat(products []any, is func(map[string]any) bool) []string {
	var ids []string
	for _, product := range products {
		if fields := product.(map[string]any); is(fields) {
			ids = append(ids, fields["productId"].(string))
		}
	}
	return ids
}

func (cf *Connectif) getPurchase(c call) reply {
	cf.shop.mu.Lock()
	defer cf.shop.mu.Unlock()
	purchase, ok := cf.shop.purchases[c.request.PathValue("id")]
	if !ok {
		return connectifNotFound()
	}
	return reply{status: http.StatusOK, body: purchase.fields}
}

// deletePurchase does not mind that a purchase is gone: the vendor's document
// lists no 404.
func (cf *Connectif) deletePurchase(c call) reply {
	cf.shop.mu.Lock()
	defer cf.shop.mu.Unlock()
	delete(cf.shop.purchases, c.request.PathValue("id"))
	return reply{status: http.StatusNoContent}
}

// connectifStamp is a moment as the vendor writes it.
func connectifStamp(at time.Time) string {
	return at.UTC().Format("2006-01-02T15:04:05.000Z")
}
