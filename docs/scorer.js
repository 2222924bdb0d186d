// How search results are ranked. Four words or more are likely those of a message.
var Scorer = {
  score: ([docname, , , , score]) => {
    const words = new URLSearchParams(location.search).get("q") || "";
    const isMessage = words.trim().split(/\s+/).length > 3;
    const first = ["guides/troubleshooting", "reference/messages"];
    return isMessage && first.includes(docname) ? score + 100 : score;
  },
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
