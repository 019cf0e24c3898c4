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

// connectifShop has the data of a shop. The zero value is empty.
type connectifShop struct {
	ledger retrywisetest.Ledger // of purchases, by purchaseId

	mu        sync.Mutex                   // guards the fields below
	contacts  map[string]map[string]any    // fields, by e-mail address
	products  map[string]bool              // by productId
	purchases map[string]connectifPurchase // the latest, by purchaseId
	created   int                          // purchases
	foreign   int                          // refusals of foreign domains
}

// A connectifPurchase is never changed.
type connectifPurchase struct {
	fields map[string]any
	at     time.Time
}

// AddContacts creates contacts without fields. Existing ones are not changed.
func (cf *Connectif) AddContacts(emails ...string) {
	for _, email := range emails {
		cf.shop.upsert(email, nil)
	}
}

// AddProducts adds products by their productId.
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

// upsert merges fields into a contact, and creates it if it does not exist.
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

// execute stores a purchase with valid fields, if its contact and products exist.
func (s *connectifShop) execute(payload map[string]any, body []byte) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	if refusal, ok := s.checkReferences(payload); !ok {
		return refusal
	}
	s.created++
	now := time.Now()
	fields := maps.Clone(payload)
	fields["id"] = fmt.Sprintf("b%023x", s.created)
	fields["createdAt"], fields["updatedAt"] = connectifStamp(now), connectifStamp(now)
	id := payload["purchaseId"].(string)
	if s.purchases == nil {
		s.purchases = map[string]connectifPurchase{}
	}
	s.purchases[id] = connectifPurchase{fields, now}
	s.ledger.Record(id, body)
	return reply{status: http.StatusCreated, body: fields}
}

// checkReferences checks the contact and the products of a purchase. If ok is false,
// refusal is the response.
func (s *connectifShop) checkReferences(payload map[string]any) (refusal reply, ok bool) {
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

// refuseForeign refuses products with a URL of a foreign domain. The field with their
// ids alternates between that of the vendor's table and that of its example.
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

// connectifIsForeign reports whether a product has a URL whose host is not that of
// ConnectifDomain.
func connectifIsForeign(product map[string]any) bool {
	text, given := product["productDetailUrl"].(string)
	if !given {
		return false
	}
	parsed, err := url.Parse(text)
	return err != nil || parsed.Hostname() != strings.TrimPrefix(ConnectifDomain, "http://")
}

// connectifProductsThat returns the ids of the products that match.
func connectifProductsThat(products []any, match func(map[string]any) bool) []string {
	var ids []string
	for _, product := range products {
		if fields := product.(map[string]any); match(fields) {
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

// deletePurchase succeeds if the purchase does not exist: the vendor documents no
// 404.
func (cf *Connectif) deletePurchase(c call) reply {
	cf.shop.mu.Lock()
	defer cf.shop.mu.Unlock()
	delete(cf.shop.purchases, c.request.PathValue("id"))
	return reply{status: http.StatusNoContent}
}

// connectifStamp formats a time as the vendor does.
func connectifStamp(at time.Time) string {
	return at.UTC().Format("2006-01-02T15:04:05.000Z")
}
