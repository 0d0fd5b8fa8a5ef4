namespace SpotTrainer.Notebooks;

/// <summary>
/// Which modules come with a package because it needs them. Without this, a notebook that imports numpy would lack it in an environment of
/// pandas alone.
/// </summary>
internal static class PackageContents
{
    /// <summary>
    /// What every stack has because it runs notebooks (ipykernel, nbclient, nbformat), and because conda and pip are in it.
    /// </summary>
    private const string Always = """
        IPython asttokens attr attrs boltons certifi cffi charset_normalizer comm conda cryptography dateutil debugpy decorator executing
        fastjsonschema idna ipykernel jedi jsonpatch jsonpointer jsonschema jupyter_client jupyter_core matplotlib_inline nbclient nbformat
        nest_asyncio packaging parso pexpect pickleshare pip platformdirs pluggy prompt_toolkit psutil ptyprocess pure_eval pycparser
        pygments pkg_resources referencing requests rpds ruamel setuptools six socks stack_data tornado tqdm traitlets urllib3 wcwidth wheel
        zmq zstandard
        """;

    /// <summary>In each line: a package by its name on conda-forge, and the packages that come with it.</summary>
    private const string Table = """
        catboost graphviz matplotlib numpy pandas plotly scipy six
        category-encoders numpy pandas patsy scikit-learn scipy statsmodels
        cupy numpy fastrlock
        dask bokeh click cloudpickle distributed fsspec jinja2 numpy pandas pyarrow pyyaml toolz
        faiss-cpu numpy
        gensim numpy scipy smart_open
        h5py numpy
        hdbscan cython joblib numpy scikit-learn scipy
        imbalanced-learn joblib numpy scikit-learn scipy threadpoolctl
        jax jaxlib ml_dtypes numpy opt_einsum scipy
        joblib
        jupyter_server anyio beautifulsoup4 bleach defusedxml jinja2 markupsafe mistune nbconvert pandocfilters prometheus_client send2trash
        jupyterlab httpx ipykernel jinja2 jupyter_server jupyterlab_server notebook_shim
        keras absl-py h5py ml_dtypes namex numpy optree rich
        lightgbm joblib numpy scikit-learn scipy
        lightning numpy pytorch pytorch-lightning pyyaml torchmetrics tqdm
        matplotlib contourpy cycler fonttools kiwisolver numpy packaging pillow pyparsing python-dateutil tornado
        networkx
        nltk click joblib regex tqdm
        notebook ipykernel jinja2 jupyter_server jupyterlab
        numba llvmlite numpy
        numexpr numpy
        numpy
        opencv numpy
        openpyxl et_xmlfile
        optuna alembic cmaes colorlog numpy packaging pyyaml scipy sqlalchemy tqdm
        pandas numpy python-dateutil pytz tzdata
        pillow
        plotly packaging tenacity narwhals
        polars
        pyarrow numpy
        python
        pytorch filelock fsspec jinja2 networkx numpy sympy mpmath typing-extensions
        pytorch-lightning fsspec numpy packaging pytorch pyyaml torchmetrics tqdm typing-extensions
        pyyaml
        requests certifi charset-normalizer idna urllib3
        scikit-image imageio lazy_loader networkx numpy pillow pywavelets scipy tifffile
        scikit-learn joblib numpy scipy threadpoolctl
        scipy numpy
        seaborn matplotlib numpy pandas scipy statsmodels
        sentence-transformers huggingface_hub numpy pillow pytorch scikit-learn scipy tqdm transformers
        shap cloudpickle numba numpy packaging pandas scikit-learn scipy slicer tqdm
        spacy catalogue cymem jinja2 numpy pydantic requests srsly thinc tqdm typer
        statsmodels numpy packaging pandas patsy scipy
        sympy mpmath
        tensorflow absl-py astunparse flatbuffers gast h5py keras numpy opt_einsum protobuf requests six tensorboard termcolor wrapt
        timm huggingface_hub pytorch pyyaml safetensors torchvision
        torchvision numpy pillow pytorch
        torchaudio pytorch
        torchmetrics numpy packaging pytorch
        tqdm
        transformers filelock huggingface_hub numpy packaging pyyaml regex requests safetensors tokenizers tqdm
        umap-learn numba numpy pynndescent scikit-learn scipy tqdm
        xgboost numpy scikit-learn scipy
        """;

    private static readonly Dictionary<string, string[]> Needs = Table.Split('\n')
        .Select(line => line.Split([' ', '\r'], StringSplitOptions.RemoveEmptyEntries))
        .ToDictionary(
            words => ImportNames.Normal(words[0]), words => words.Skip(1).Select(ImportNames.Normal).ToArray(), StringComparer.Ordinal);

    /// <summary>The modules that every stack has.</summary>
    public static IReadOnlyCollection<string> InEveryStack { get; } =
        Always.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Returns the packages, with those that come with them, and whether all of these are known.</summary>
    /// <param name="packages">The names, of conda-forge or PyPI.</param>
    public static (IReadOnlyCollection<string> Packages, bool AreAllKnown) With(IEnumerable<string> packages)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        var next = new Queue<string>(packages.Select(ImportNames.Normal));
        var areAllKnown = true;
        var given = next.Count;
        for (var i = 0; next.Count > 0; i++)
        {
            var package = next.Dequeue();
            if (!found.Add(package))
            {
                continue;
            }

            var needs = Needs.TryGetValue(package, out var known) ? known
                : ImportNames.CondaOf(package) is { } conda && Needs.TryGetValue(conda, out known) ? known
                : null;
            areAllKnown &= needs is not null || i >= given;
            foreach (var need in needs ?? [])
            {
                next.Enqueue(need);
            }
        }

        return (found, areAllKnown);
    }
}
