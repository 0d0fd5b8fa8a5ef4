#!/bin/sh
# Notes files that were put into the current folder, if it is the data folder or below it, so that no job takes them for its own results.
# job_files.sh documents the records. Standard input has the paths of the files, each with a null.
# It stands before other scripts, as one line in single quotes, and so has none, and no exclamation mark.
note_sent() {
    below=$(cd -P -- "$HOME/spottrainer/data" 2>/dev/null && pwd) || return 0
    case $PWD/ in
        "$below"/*) ;;
        *) return 0 ;;
    esac
    inside=$(printf "%s" "${PWD#"$below"}" | sed "s/[&|\\\\]/\\\\&/g")
    mkdir -p "$HOME/spottrainer/control"
    sed -z "s|^|.$inside/|" |
        ( cd "$below" && xargs -0 -r sh -c "find \"\$@\" -maxdepth 0 -printf \"%s %T@ %C@ %p\\0\"" sh ) |
        sed -z "s|^\([^ ]* [^ ]* [^ ]* \)\./|\1|" >> "$HOME/spottrainer/control/sent"
}
