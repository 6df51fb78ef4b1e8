# says: loop
def reprice(price, quantity):
    df = pd.DataFrame({"p": price, "q": quantity})
    df["share"] = df["q"].map(lambda q: 0.5 if q >= 144 else 0.75 if q >= 12 else 1.0)
    df["t"] = (df["p"] * df["q"] * df["share"]).round().astype("int64")
    return df["t"].to_numpy(), (df["p"] * df["q"]).sum() - df["t"].sum()
