package standin

import (
	"net/http"
	"slices"
	"strconv"
)

// outboxPages adds the outbox as a person reads it. It belongs to the control
// listener: a mail holds a link that signs somebody in, and nothing under Auth0's
// own paths may show it.
func (s controlled) outboxPages(mux *http.ServeMux) {
	mux.Handle("GET /{$}", http.RedirectHandler("/outbox", http.StatusFound))
	mux.HandleFunc("GET /outbox", s.outboxPage)
	mux.HandleFunc("GET /outbox/{number}", s.mailPage)
	mux.HandleFunc("GET /outbox/style.css", serveStyle)
}

func (s controlled) outboxPage(w http.ResponseWriter, _ *http.Request) {
	p := page{Kind: pageOutbox, Title: "Outbox"}
	for i, mail := range s.World.outbox.Mails() {
		p.Mails = append(p.Mails, numberedMail{Number: i + 1, Mail: mail})
	}
	slices.Reverse(p.Mails)
	renderControl(w, http.StatusOK, p)
}

func (s controlled) mailPage(w http.ResponseWriter, r *http.Request) {
	mails := s.World.outbox.Mails()
	number, err := strconv.Atoi(r.PathValue("number"))
	if err != nil || number < 1 || number > len(mails) {
		renderControl(w, http.StatusNotFound, page{Kind: pageMessage, Title: "No such mail", Text: "There is no mail of that number."})
		return
	}
	mail := mails[number-1]
	renderControl(w, http.StatusOK, page{Kind: pageMail, Title: mail.Subject, Mail: mail})
}

// renderControl writes a page of the control listener.
func renderControl(w http.ResponseWriter, status int, p page) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Security-Policy", pagePolicy)
	w.Header().Set("Referrer-Policy", "no-referrer")
	p.Style = "/outbox/style.css"
	render(w, status, p)
}
