package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"mime/multipart"
	"net/http"
	"slices"

	"github.com/retrywise/retrywise/client"
)

// A file is what CustomerGauge is given: it sends an e-mail to the customer of each line.
type file struct {
	Name    string
	Content []byte
}

// fileStep uploads the files one after the other: the vendor recommends to wait for an
// upload before the next one begins. Every second one takes the path that answers in XML.
func fileStep(c *client.Client, files []file) step {
	return step{name: "files", workers: 1, records: func() []record {
		var records []record
		for i, one := range files {
			path := "/v4.1/file/transactional.json"
			if i%2 == 1 {
				path = "/v4.1/file/transactional.xml"
			}
			records = append(records, record{0, one.Name, one.Content, func(ctx context.Context) error {
				return once(ctx,
					func(ctx context.Context) error { return upload(ctx, c, path, one) },
					func(ctx context.Context) (bool, error) { return hasUpload(ctx, c, one.Name) })
			}})
		}
		return records
	}}
}

// upload posts a file. The client judges the answer in either format, also an error
// inside a 200.
func upload(ctx context.Context, c *client.Client, path string, one file) error {
	var form bytes.Buffer
	parts := multipart.NewWriter(&form)
	part, err := parts.CreateFormFile("file", one.Name)
	if err != nil {
		return err
	}
	if _, err := part.Write(one.Content); err != nil {
		return err
	}
	if err := parts.Close(); err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, path, &form)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", parts.FormDataContentType())
	resp, err := c.Send(client.With(req, client.CallOptions{Op: "files.upload"}))
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// hasUpload tells whether CustomerGauge has an upload of that name. That there are none
// at all is no failure; the answer is empty then.
func hasUpload(ctx context.Context, c *client.Client, name string) (bool, error) {
	type done struct {
		Name string `json:"name"`
	}
	list, err := client.Do[struct{ Data []done }](ctx, c, client.Call{
		Path:    "/v4.1/file/transactional.json",
		Options: client.CallOptions{Op: "files.look"},
	})
	return slices.Contains(list.Data, done{name}), err
}

// linesInFile is how many purchases one file has.
const linesInFile = 15

// filesOf makes the files of the day from the shop's book. As on any day, somebody else
// put three into the folder that do not belong there.
func filesOf(purchases []purchase) ([]file, error) {
	var files []file
	for chunk := range slices.Chunk(purchases, linesInFile) {
		content, err := transactions(chunk)
		if err != nil {
			return nil, err
		}
		files = append(files, file{fmt.Sprintf("transactions-%02d.csv", len(files)+1), content})
	}
	others := []file{{"refunds.csv", nil}, {"summary.pdf", []byte("%PDF-1.7")}}
	if len(files) > 0 {
		others = append(others, files[0]) // the same once more
	}
	return append(files, others...), nil
}

// transactions is the content of one file.
func transactions(purchases []purchase) ([]byte, error) {
	var content bytes.Buffer
	w := csv.NewWriter(&content)
	table := [][]string{{"number_customergauge", "email", "product", "amount"}}
	for _, p := range purchases {
		table = append(table, []string{p.ID, p.Email, p.Cells["product"], p.Cells["unit_price"]})
	}
	err := w.WriteAll(table)
	return content.Bytes(), err
}
