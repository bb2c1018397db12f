package control

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/seatwarden/seatwarden/internal/standin/pages"
)

// outboxPages adds the outbox as a person reads it. It belongs to the control
// listener: a mail holds a link that signs somebody in, and nothing under Auth0's
// own paths may show it.
func (s Controlled) outboxPages(mux *http.ServeMux) {
	mux.Handle("GET /{$}", http.RedirectHandler("/outbox", http.StatusFound))
	mux.HandleFunc("GET /outbox", s.outboxPage)
	mux.HandleFunc("GET /outbox/{number}", s.mailPage)
	mux.HandleFunc("GET /outbox/style.css", pages.ServeStyle)
}

func (s Controlled) outboxPage(w http.ResponseWriter, _ *http.Request) {
	p := pages.Page{Kind: pages.PageOutbox, Title: "Outbox"}
	for i, mail := range s.World.Outbox.Mails() {
		p.Mails = append(p.Mails, pages.NumberedMail{Number: i + 1, Mail: mail})
	}
	slices.Reverse(p.Mails)
	renderControl(w, http.StatusOK, p)
}

func (s Controlled) mailPage(w http.ResponseWriter, r *http.Request) {
	mails := s.World.Outbox.Mails()
	number, err := strconv.Atoi(r.PathValue("number"))
	if err != nil || number < 1 || number > len(mails) {
		renderControl(w, http.StatusNotFound, pages.Page{Kind: pages.PageMessage, Title: "No such mail", Text: "There is no mail of that number."})
		return
	}
	mail := mails[number-1]
	renderControl(w, http.StatusOK, pages.Page{Kind: pages.PageMail, Title: mail.Subject, Mail: mail})
}

// renderControl writes a page of the control listener.
func renderControl(w http.ResponseWriter, status int, p pages.Page) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Security-Policy", pages.PagePolicy)
	w.Header().Set("Referrer-Policy", "no-referrer")
	p.Style = "/outbox/style.css"
	pages.Render(w, status, p)
}
