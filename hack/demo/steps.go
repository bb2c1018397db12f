package main

import "time"

// steps is the story.
var steps = []step{
	{"A Kubernetes control plane runs", 3 * time.Minute, controlPlaneRuns},
	{"CRDs, roles and admission policies are installed", time.Minute, installed},
	{"A stand-in for Auth0 runs, with the guard as its post-login Action", time.Minute, standinRuns},
	{"The operator runs, with the rights of its ServiceAccount and no others", time.Minute, operatorRuns},
	{"The samples are applied: a tenant, a contract of 3 seats, one member", time.Minute, samplesApplied},

	{"The contract's admin is sent a registration link, once", time.Minute, adminMailed},
	{"The admin opens it, signs in with Google Workspace, and is in", time.Minute, adminJoins},
	{"The admin signs in again from another browser", time.Minute, adminReturns},
	{"Jane, a further Member, is sent a link by herself, once", time.Minute, janeMailed},
	{"Okta and Azure AD are added to the contract", time.Minute, connectionsAdded},
	{"A day later Jane's link is refused, and her Member says Expired", time.Minute, janeExpired},
	{"Asked for by annotation, a second link is sent; Jane joins with Okta", time.Minute, janeJoins},

	{"Bob and Carol are added for one free seat: one is mailed, one waits", time.Minute, oneWaits},
	{"Bob joins with Azure AD", time.Minute, bobJoins},
	{"kubectl shows the contract and its people", time.Minute, shown},
	{"Somebody of another company is refused at kubectl apply", time.Minute, foreignRefused},

	{"Jane's Member is deleted: nothing lets her in any more", 2 * time.Minute, janeRemoved},
	{"Carol, who waited, gets Jane's seat and a link", time.Minute, carolMailed},
	{"With more seats Jane's Member is applied again: she is in, with no mail", time.Minute, janeReturns},
	{"Sam, added to the organization by hand, is refused by the guard", time.Minute, samRefused},

	{"Under mode Observe changes show as a plan, and nobody is mailed", time.Minute, observed},
	{"Back under Manage: what is still declared is done", time.Minute, managed},

	{"A support team of fourteen is applied in one file, and all join", 2 * time.Minute, teamJoins},
	{"Half of the team is deleted: with Jane five go, the others are held", 2 * time.Minute, halfDeleted},
	{"Approved by the hash, they go too", 2 * time.Minute, approved},

	{"The operator is killed: who holds a seat still signs in", time.Minute, killed},
	{"The operator is started again, catches up, and mails nobody twice", time.Minute, restarted},
	{"The contract is deleted with policy Delete: twelve people, so it is held", time.Minute, contractHeld},
	{"Approved, the organization is gone", time.Minute, contractDeleted},
}
